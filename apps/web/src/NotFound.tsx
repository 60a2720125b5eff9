import { Link } from "react-router";
import { TopBar } from "./TopBar.tsx";
import { EmptyState } from "./ui/EmptyState.tsx";
import { useTitle } from "./use-title.ts";

/** An address that leads nowhere. */
export function NotFound() {
  useTitle("Not found · Cairn");
  return (
    <div className="flex h-full flex-col">
      <TopBar>
        <h1 className="truncate font-medium">Not found</h1>
      </TopBar>
      <main>
        <EmptyState
          title="There is nothing at this address"
          actions={
            <Link to="/" className="text-accent underline">
              All sessions
            </Link>
          }
        >
          The link may be cut off, or from another version of Cairn.
        </EmptyState>
      </main>
    </div>
  );
}

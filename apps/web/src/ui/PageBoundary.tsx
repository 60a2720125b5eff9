import { Component, type ReactNode } from "react";
import { Button } from "./Button.tsx";
import { ErrorNote } from "./ErrorNote.tsx";

/** Catches what goes wrong while drawing: says so, and offers the way back. */
export class PageBoundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    return (
      <main className="mx-auto grid max-w-xl gap-3 p-6">
        <h1 className="text-xl font-semibold">This page failed</h1>
        <p className="text-fg-2">
          Nothing on the server is lost by it. Load the page again to go on.
        </p>
        <ErrorNote error={this.state.error} />
        <div>
          <Button tone="primary" onClick={() => location.reload()}>
            Load again
          </Button>
        </div>
      </main>
    );
  }
}

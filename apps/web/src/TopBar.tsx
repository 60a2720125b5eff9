import { CircleQuestionMark, Database } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { commands, runCommand } from "./commands.ts";
import { IconButton } from "./ui/Button.tsx";
import { ConnectionPill } from "./ui/ConnectionPill.tsx";
import { OfflineBanner } from "./ui/OfflineBanner.tsx";
import { ThemeToggle } from "./ui/ThemeToggle.tsx";

interface Props {
  /** After "Cairn": where this is. */
  children: ReactNode;
  /** The route's main action. */
  action?: ReactNode;
}

/** The bar on top of every route: where, the connection's state, and the main action. */
export function TopBar({ children, action }: Props) {
  return (
    <>
      <header className="flex h-11 shrink-0 items-center gap-2 border-b border-line bg-surface px-3">
        <Link
          to="/"
          className="flex shrink-0 items-center gap-1.5 rounded-sm font-semibold text-base"
        >
          <Stones />
          <span className="max-sm:sr-only">Cairn</span>
        </Link>
        <span aria-hidden="true" className="text-fg-3">
          ›
        </span>
        <div className="flex min-w-0 items-center gap-2">{children}</div>
        <ConnectionPill />
        <span className="flex-1" />
        <IconButton label={commands.store.title} onClick={() => runCommand("store")}>
          <Database size={16} aria-hidden="true" />
        </IconButton>
        <IconButton
          label={commands.help.title}
          keys={commands.help.keys}
          className="max-sm:hidden"
          onClick={() => runCommand("help")}
        >
          <CircleQuestionMark size={16} aria-hidden="true" />
        </IconButton>
        <ThemeToggle />
        {action}
      </header>
      <OfflineBanner />
    </>
  );
}

function Stones() {
  return (
    <svg aria-hidden="true" viewBox="0 0 16 16" className="size-4 text-accent" fill="currentColor">
      <ellipse cx="8" cy="3" rx="2.4" ry="1.8" />
      <ellipse cx="8" cy="7.6" rx="4" ry="2.1" />
      <ellipse cx="8" cy="12.7" rx="6" ry="2.5" />
    </svg>
  );
}

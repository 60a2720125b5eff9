// THE table of commands: keys, tooltips, menus and the `?` sheet read it.
import { useEffect, useEffectEvent } from "react";
import { tinykeys } from "tinykeys";
import { keysAreHeld } from "./ui/hold-keys.ts";
import { toast } from "./ui/toast.ts";

interface Command {
  /** As tinykeys reads it; several are alternatives. */
  bindings: readonly string[];
  /** As it stands on the keyboard; empty for what has no key. */
  keys: string;
  title: string;
  group: "Move" | "Checkpoints" | "Session" | "Page";
}

export const commands = {
  next: { bindings: ["j", "ArrowDown"], keys: "j", title: "Next checkpoint", group: "Move" },
  previous: { bindings: ["k", "ArrowUp"], keys: "k", title: "Previous checkpoint", group: "Move" },
  first: { bindings: ["Home"], keys: "Home", title: "Newest checkpoint", group: "Move" },
  details: { bindings: ["Enter"], keys: "Enter", title: "Show details", group: "Move" },
  out: { bindings: ["Escape"], keys: "Esc", title: "Close details", group: "Move" },
  previous_hunk: { bindings: ["["], keys: "[", title: "Previous hunk", group: "Move" },
  next_hunk: { bindings: ["]"], keys: "]", title: "Next hunk", group: "Move" },
  follow: { bindings: ["f"], keys: "F", title: "Follow or pause", group: "Move" },
  live_edge: {
    bindings: ["g", "Shift+G"],
    keys: "G",
    title: "Back to the live edge",
    group: "Move",
  },
  create: { bindings: ["c"], keys: "C", title: "Create a checkpoint", group: "Checkpoints" },
  restore: { bindings: ["r"], keys: "R", title: "Restore…", group: "Checkpoints" },
  undo: { bindings: ["u"], keys: "U", title: "Undo the latest operation", group: "Checkpoints" },
  redo: {
    bindings: ["Shift+U"],
    keys: "Shift U",
    title: "Redo what was undone",
    group: "Checkpoints",
  },
  annotate: { bindings: ["a"], keys: "A", title: "Write a note", group: "Checkpoints" },
  tags: { bindings: ["t"], keys: "T", title: "Edit tags", group: "Checkpoints" },
  pin: { bindings: ["p"], keys: "P", title: "Pin or unpin", group: "Checkpoints" },
  delete: { bindings: ["Delete"], keys: "Del", title: "Delete", group: "Checkpoints" },
  copy_link: { bindings: ["y"], keys: "y", title: "Copy link", group: "Checkpoints" },
  changes: {
    bindings: ["d"],
    keys: "D",
    title: "What changed in the folder since",
    group: "Checkpoints",
  },
  settings: { bindings: [","], keys: ",", title: "Session settings…", group: "Session" },
  compact: { bindings: [], keys: "", title: "Compact…", group: "Session" },
  limits: { bindings: [], keys: "", title: "Limits…", group: "Session" },
  trash: { bindings: [], keys: "", title: "Trash of this session", group: "Session" },
  store: { bindings: [], keys: "", title: "Store…", group: "Page" },
  validate: { bindings: [], keys: "", title: "Validate everything…", group: "Page" },
  help: { bindings: ["Shift+?", "?"], keys: "?", title: "Show the keys", group: "Page" },
} as const satisfies Record<string, Command>;

export type CommandId = keyof typeof commands;

/** What has a meaning while the details cover the rows: they are about the checkpoint shown. */
const inSheet: ReadonlySet<CommandId> = new Set([
  "previous_hunk",
  "next_hunk",
  "restore",
  "undo",
  "redo",
  "annotate",
  "tags",
  "pin",
  "delete",
  "copy_link",
  "help",
]);

type Run = () => void;

/** What the mounted screens can do now; the newest registration of a command wins. */
const registered = new Map<CommandId, Run[]>();

/**
 * Gives a command its effect while the component is mounted. With a `reason` it cannot run now:
 * its key says why.
 */
export function useCommand(id: CommandId, run: Run, reason: string | null = null): void {
  const latest = useEffectEvent(() => {
    if (reason === null) run();
    else toast(`${commands[id].title.replace("…", "")}: not now`, { description: reason });
  });
  useEffect(() => {
    const mine = () => latest();
    registered.set(id, [...(registered.get(id) ?? []), mine]);
    return () => {
      registered.set(
        id,
        (registered.get(id) ?? []).filter((each) => each !== mine),
      );
    };
  }, [id]);
}

/** Whether something on the screen answers to a command. */
export function isAvailable(id: CommandId): boolean {
  return (registered.get(id)?.length ?? 0) > 0;
}

/** Runs a command as its key would. */
export function runCommand(id: CommandId): void {
  registered.get(id)?.at(-1)?.();
}

const typing = "input, textarea, select, [contenteditable]";
/** The details where they cover the rows: a dialog whose buttons have keys. */
const sheet = "[role=dialog][data-sheet]";
const dialogs = "[role=dialog]:not([data-sheet])";
/** What uses these keys itself: open layers, and controls for Enter and Space. */
const layers = `${dialogs}, [role=menu], [role=listbox], [data-own-keys]`;
const controls = "button, a, summary, [role=button]";

function isOurs(event: KeyboardEvent, id: CommandId): boolean {
  if (event.defaultPrevented || event.isComposing || keysAreHeld()) return false;
  const target = event.target instanceof Element ? event.target : document.body;
  if (target.closest(typing) !== null || target.closest(layers) !== null) return false;
  // A modal dialog may be open with focus elsewhere for a moment.
  if (document.querySelector(`${dialogs}[data-state=open]`) !== null) return false;
  if (!inSheet.has(id) && document.querySelector(sheet) !== null) return false;
  return event.key !== "Enter" || target.closest(controls) === null;
}

/** Listens to the keys of all commands. */
export function listenToKeys(): () => void {
  const bindings: Record<string, (event: KeyboardEvent) => void> = {};
  for (const [id, { bindings: keys }] of Object.entries(commands) as [CommandId, Command][]) {
    for (const key of keys) {
      bindings[key] = (event) => {
        if (!isOurs(event, id) || !isAvailable(id)) return;
        event.preventDefault();
        runCommand(id);
      };
    }
  }
  return tinykeys(window, bindings);
}

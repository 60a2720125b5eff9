import type { Result } from "@cairn/shared/methods";
import { CornerLeftUp, Folder, FolderGit2 } from "lucide-react";
import {
  useCallback,
  useEffect,
  useEffectEvent,
  useId,
  useRef,
  useState,
  type KeyboardEvent,
} from "react";
import { listFolders } from "../actions.ts";
import { Badge } from "../ui/Badge.tsx";
import { Button } from "../ui/Button.tsx";
import { classNames } from "../ui/class-names.ts";
import { ErrorNote } from "../ui/ErrorNote.tsx";
import { Field, Input } from "../ui/Field.tsx";
import { Spinner } from "../ui/Spinner.tsx";
import { Text } from "../ui/Text.tsx";
import { crumbs } from "./crumbs.ts";

type Folders = Result<"list_folders">;

interface Props {
  /** Where to begin; the home folder if null. */
  start: string | null;
  /** The folder that is open is the folder that is chosen. */
  onChange: (path: string | null) => void;
  /** Enter in the path, once it is open already. */
  onSubmit: () => void;
}

interface Option {
  name: string;
  path: string;
  icon: "up" | "folder" | "repository";
}

/** Walks through the server's folders, by mouse, keys or a typed path. */
export function FolderPicker({ start, onChange, onSubmit }: Props) {
  const listId = useId();
  const [folders, setFolders] = useState<Folders | null>(null);
  const [typed, setTyped] = useState(start ?? "");
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(true);
  const [active, setActive] = useState(0);
  const asked = useRef(0);
  /** Something was typed since the folder was asked for: an answer that comes late must not undo it. */
  const edited = useRef(false);
  const chosen = useEffectEvent(onChange);

  const read = useCallback(async (path: string | null) => {
    asked.current += 1;
    const ask = asked.current;
    try {
      const found = await listFolders(path ?? undefined);
      if (ask !== asked.current) return;
      setFolders(found);
      if (!edited.current) setTyped(found.path);
      setActive(0);
      setError(null);
    } catch (reason) {
      if (ask !== asked.current) return;
      setFolders(null);
      setError(reason);
    }
    setBusy(false);
  }, []);

  useEffect(() => {
    // oxlint-disable-next-line react/set-state-in-effect -- what it sets is the server's answer
    void read(start);
  }, [read, start]);
  const open = async (wanted: string | null) => {
    edited.current = false;
    setBusy(true);
    setError(null);
    await read(wanted);
  };

  const path = folders?.path ?? null;
  // What is typed and not opened yet is no folder that anyone has seen.
  useEffect(() => chosen(typed.trim() === path ? path : null), [path, typed]);

  const options: Option[] = [];
  if (folders !== null && folders.parent !== null) {
    options.push({ name: "..", path: folders.parent, icon: "up" });
  }
  for (const { name, path: at, repository } of folders?.entries ?? []) {
    options.push({ name, path: at, icon: repository ? "repository" : "folder" });
  }
  const current = options[Math.min(active, options.length - 1)];

  const onKeyDown = (event: KeyboardEvent) => {
    const last = options.length - 1;
    const moves: Record<string, number> = {
      ArrowDown: Math.min(active + 1, last),
      ArrowUp: Math.max(active - 1, 0),
      Home: 0,
      End: last,
      PageDown: Math.min(active + 8, last),
      PageUp: Math.max(active - 8, 0),
    };
    const next = moves[event.key];
    if (next !== undefined) setActive(next);
    else if ((event.key === "Enter" || event.key === "ArrowRight") && current)
      void open(current.path);
    else if ((event.key === "Backspace" || event.key === "ArrowLeft") && folders?.parent) {
      void open(folders.parent);
    } else return;
    event.preventDefault();
  };

  return (
    <div className="grid gap-2">
      <form
        className="flex items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed.trim() === path) onSubmit();
          else void open(typed.trim() === "" ? null : typed.trim());
        }}
      >
        <div className="min-w-0 flex-1">
          <Field label="Folder">
            {(control) => (
              <Input
                {...control}
                mono
                value={typed}
                onChange={(event) => {
                  edited.current = true;
                  setTyped(event.target.value);
                }}
              />
            )}
          </Field>
        </div>
        <Button type="submit" className="h-8" busy={busy}>
          Go
        </Button>
      </form>
      {path !== null && (
        <nav aria-label="Folders above" className="datum flex flex-wrap items-center gap-x-0.5">
          {crumbs(path).map((crumb) => (
            <button
              key={crumb.path}
              type="button"
              className="rounded-sm px-1 py-0.5 text-fg-2 hover:bg-sunken hover:text-fg"
              onClick={() => void open(crumb.path)}
            >
              <Text value={crumb.name} />
            </button>
          ))}
        </nav>
      )}
      {error !== null && (
        <ErrorNote
          error={error}
          title="That folder could not be opened"
          onRetry={() => void open(typed)}
          actions={<Button onClick={() => void open(null)}>Home folder</Button>}
        />
      )}
      {folders === null && error === null && <Spinner label="Reading folders…" />}
      {folders !== null && (
        <div
          role="listbox"
          tabIndex={0}
          aria-label="Folders here"
          aria-activedescendant={current === undefined ? undefined : `${listId}-${active}`}
          onKeyDown={onKeyDown}
          className="scrolls h-52 rounded-sm border border-line bg-surface p-1"
        >
          {options.map((option, at) => (
            <FolderOption
              key={option.path}
              id={`${listId}-${at}`}
              option={option}
              active={at === active}
              onOpen={() => void open(option.path)}
            />
          ))}
          {folders.entries.length === 0 && (
            <p className="px-2 py-1 text-fg-3">No folders in here. This folder itself is chosen.</p>
          )}
          {folders.truncated && (
            <p className="px-2 py-1 text-fg-3">There are more. Type a path to get to them.</p>
          )}
        </div>
      )}
    </div>
  );
}

const icons = { up: CornerLeftUp, folder: Folder, repository: FolderGit2 };

interface OptionProps {
  id: string;
  option: Option;
  active: boolean;
  onOpen: () => void;
}

function FolderOption({ id, option, active, onOpen }: OptionProps) {
  const Icon = icons[option.icon];
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (active) ref.current?.scrollIntoView({ block: "nearest" });
  }, [active]);
  return (
    // Focus and keys belong to the list, which names the active option.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      ref={ref}
      id={id}
      role="option"
      aria-selected={active}
      onClick={onOpen}
      className={classNames(
        "flex h-7 cursor-pointer items-center gap-2 rounded-sm px-2 hover:bg-sunken pointer-coarse:h-9",
        active && "bg-selected",
      )}
    >
      <Icon size={14} aria-hidden="true" className="shrink-0 text-fg-3" />
      <span className="datum min-w-0 truncate">
        {option.icon === "up" ? ".. (one up)" : <Text value={option.name} />}
      </span>
      {option.icon === "repository" && <Badge tone="accent">git</Badge>}
    </div>
  );
}

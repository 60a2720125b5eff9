import { X } from "lucide-react";
import { useId, useRef, useState, type KeyboardEvent, type Ref } from "react";
import { classNames } from "../ui/class-names.ts";
import { Text } from "../ui/Text.tsx";
import { visibleString } from "../ui/visible.ts";
import { addTag } from "./tag-input.ts";

interface TagEditorProps {
  tags: readonly string[];
  onChange: (tags: string[]) => void;
  /** Why tags cannot be changed now. */
  reason?: string | null;
  inputRef?: Ref<HTMLInputElement>;
  /** Esc in an empty field. */
  onLeave?: () => void;
  /** Accessible name of the field. */
  label?: string;
  /** A box around tags and field, as in a form. */
  boxed?: boolean;
}

/** Tags as chips, with a field that adds one by Enter or comma. */
export function TagEditor(props: TagEditorProps) {
  const { tags, onChange, reason = null, inputRef, onLeave, label = "Add a tag" } = props;
  const [typed, setTyped] = useState("");
  const [error, setError] = useState<string | null>(null);
  const about = useId();
  const field = useRef<HTMLDivElement>(null);

  const add = (text: string): void => {
    const result = addTag(tags, text);
    if ("error" in result) {
      setError(result.error);
      return;
    }
    setError(null);
    setTyped("");
    if (result.tags.length > tags.length) onChange(result.tags);
  };
  const remove = (tag: string): void => {
    onChange(tags.filter((other) => other !== tag));
    field.current?.querySelector("input")?.focus();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.nativeEvent.isComposing) return;
    // Ctrl+Enter belongs to the form around it.
    if (event.key === "," || (event.key === "Enter" && !event.ctrlKey && !event.metaKey)) {
      event.preventDefault();
      add(typed);
    } else if (event.key === "Backspace" && typed === "") {
      const last = tags.at(-1);
      if (last !== undefined && reason === null) remove(last);
    } else if (event.key === "Escape" && onLeave !== undefined) {
      event.stopPropagation();
      setTyped("");
      setError(null);
      onLeave();
    }
  };

  return (
    <div>
      <div
        ref={field}
        className={classNames(
          "flex flex-wrap items-center gap-1",
          props.boxed === true &&
            "min-h-8 rounded-sm border border-line-strong bg-surface px-1 py-0.5",
        )}
      >
        {tags.map((tag) => (
          <span
            key={tag}
            className="datum inline-flex h-6 max-w-full items-center rounded-sm border border-line bg-sunken pl-1.5 text-fg-2"
          >
            <span className="truncate" title={visibleString(tag)}>
              <Text value={tag} />
            </span>
            <button
              type="button"
              aria-label={`Remove tag ${tag}`}
              aria-disabled={reason !== null || undefined}
              title={reason ?? undefined}
              onClick={() => {
                if (reason === null) remove(tag);
              }}
              className="inline-flex size-6 items-center justify-center text-fg-3 hover:text-fg"
            >
              <X size={12} aria-hidden="true" />
            </button>
          </span>
        ))}
        <input
          ref={inputRef}
          value={typed}
          aria-label={label}
          aria-describedby={error === null ? undefined : about}
          aria-invalid={error === null ? undefined : true}
          aria-disabled={reason !== null || undefined}
          readOnly={reason !== null}
          title={reason ?? undefined}
          placeholder={tags.length === 0 ? "Add a tag" : "Add"}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => {
            setError(null);
            setTyped(event.target.value);
          }}
          onKeyDown={onKeyDown}
          onBlur={() => add(typed)}
          className={classNames(
            "datum h-6 w-24 min-w-0 grow rounded-sm border border-transparent bg-transparent px-1 placeholder:text-fg-3 hover:border-line aria-invalid:border-bad",
            props.boxed === true ? "focus:outline-none" : "max-w-40",
          )}
        />
      </div>
      {error !== null && (
        <p id={about} role="alert" className="mt-1 text-xs text-bad">
          {error}
        </p>
      )}
    </div>
  );
}

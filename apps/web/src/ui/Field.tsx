import { useId, type ComponentProps, type ReactNode } from "react";
import { classNames } from "./class-names.ts";

interface Props {
  label: ReactNode;
  /** What to know before typing. */
  hint?: ReactNode;
  /** What is wrong with what was typed. */
  error?: string | null | undefined;
  children: (control: {
    id: string;
    "aria-describedby": string | undefined;
    "aria-invalid": true | undefined;
  }) => ReactNode;
}

/** A label, a control and what is said about it: `{(control) => <Input {...control} … />}`. */
export function Field({ label, hint, error, children }: Props) {
  const id = useId();
  const about = `${id}-about`;
  const failed = error !== null && error !== undefined && error !== "";
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="text-xs font-medium text-fg-2">
        {label}
      </label>
      {children({
        id,
        "aria-describedby": failed || hint !== undefined ? about : undefined,
        "aria-invalid": failed || undefined,
      })}
      {(failed || hint !== undefined) && (
        <p id={about} className={classNames("text-xs", failed ? "text-bad" : "text-fg-3")}>
          {failed ? error : hint}
        </p>
      )}
    </div>
  );
}

const box =
  "w-full rounded-sm border border-line-strong bg-surface px-2 text-fg placeholder:text-fg-3 aria-invalid:border-bad";

/** A line of text. `mono` for paths and patterns. */
export function Input({
  mono = false,
  className,
  ...rest
}: ComponentProps<"input"> & { mono?: boolean }) {
  return (
    <input
      autoComplete="off"
      spellCheck={false}
      {...rest}
      className={classNames(box, "h-8 pointer-coarse:h-10", mono && "datum", className)}
    />
  );
}

/** Several lines of text. */
export function TextArea({
  mono = false,
  className,
  ...rest
}: ComponentProps<"textarea"> & { mono?: boolean }) {
  return (
    <textarea
      spellCheck={false}
      {...rest}
      className={classNames(box, "py-1.5", mono && "datum", className)}
    />
  );
}

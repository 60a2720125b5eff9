import type { ReactNode } from "react";
import { useId } from "react";
import { classNames } from "./class-names.ts";
import { Input } from "./Field.tsx";

interface Props {
  label: ReactNode;
  /** What stands behind the number. */
  unit?: ReactNode;
  value: string;
  error?: string | undefined;
  disabled?: boolean;
  /** Wide enough for `20 GB`. */
  wide?: boolean;
  /** Stands in a column with others: its words take as much room as theirs. */
  aligned?: boolean;
  placeholder?: string;
  onChange: (value: string) => void;
}

/** A short value within a sentence: its words, the field, the unit, and what is wrong with it. */
export function NumberField(props: Props) {
  const {
    label,
    unit,
    value,
    error,
    disabled = false,
    wide = false,
    aligned = false,
    placeholder,
    onChange,
  } = props;
  const id = useId();
  return (
    <div>
      <div className="flex min-h-8 flex-wrap items-center gap-x-2 gap-y-1">
        <label
          htmlFor={id}
          className={classNames(disabled && "text-fg-3", aligned && (wide ? "w-52" : "sm:w-52"))}
        >
          {label}
        </label>
        <Input
          id={id}
          mono
          inputMode={wide ? "text" : "numeric"}
          className={`${wide ? "w-28!" : "w-20!"} text-right`}
          value={value}
          disabled={disabled}
          placeholder={placeholder}
          aria-invalid={error === undefined ? undefined : true}
          aria-describedby={error === undefined ? undefined : `${id}-error`}
          onChange={(event) => onChange(event.target.value)}
        />
        {unit !== undefined && <span className="text-fg-2">{unit}</span>}
      </div>
      {error !== undefined && (
        <p id={`${id}-error`} className="text-xs text-bad">
          {error}
        </p>
      )}
    </div>
  );
}

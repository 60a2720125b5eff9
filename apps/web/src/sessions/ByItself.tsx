import { CheckRow } from "../ui/CheckRow.tsx";
import { NumberField } from "../ui/NumberField.tsx";

interface Props {
  /** What is done by itself, for those who hear it. */
  legend: string;
  on: boolean;
  onSwitch: (on: boolean) => void;
  /** The words of its switch. */
  title: string;
  /** `Every [value] hours`. */
  label: string;
  unit: string;
  value: string;
  error: string | undefined;
  onValue: (value: string) => void;
}

/** Something that is done by itself: its switch, and how often. */
export function ByItself(props: Props) {
  const { legend, on, onSwitch, title, label, unit, value, error, onValue } = props;
  return (
    <fieldset className="grid gap-1">
      <legend className="sr-only">{legend}</legend>
      <CheckRow checked={on} onChange={onSwitch}>
        {title}
      </CheckRow>
      <div className="pl-6">
        <NumberField
          label={label}
          unit={unit}
          disabled={!on}
          value={value}
          error={error}
          onChange={onValue}
        />
      </div>
    </fieldset>
  );
}

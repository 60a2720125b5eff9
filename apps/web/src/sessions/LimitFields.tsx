import { NumberField } from "../ui/NumberField.tsx";
import type { FieldsProps } from "./CaptureSettings.tsx";

/** How much a session may capture and keep. */
export function LimitFields({ form, problems, onChange }: FieldsProps) {
  return (
    <div className="grid gap-3">
      <p className="text-fg-2">
        A checkpoint of a folder that is over one of these is refused, with what to do about it.
        They keep a build folder or a disk image that nobody meant from being captured.
      </p>
      <NumberField
        label="Files at most"
        wide
        aligned
        value={form.files}
        error={problems.files}
        onChange={(files) => onChange({ files })}
      />
      <NumberField
        label="All files together at most"
        wide
        aligned
        value={form.bytes}
        error={problems.bytes}
        onChange={(bytes) => onChange({ bytes })}
      />
      <NumberField
        label="One file at most"
        wide
        aligned
        value={form.file_bytes}
        error={problems.file_bytes}
        onChange={(file_bytes) => onChange({ file_bytes })}
      />
      <NumberField
        label="What its checkpoints may take in the store"
        wide
        aligned
        placeholder="no limit"
        value={form.store_bytes}
        error={problems.store_bytes}
        onChange={(store_bytes) => onChange({ store_bytes })}
      />
      <p className="text-xs text-fg-3">
        Sizes such as 500 MB or 20 GB. The limit of the whole store is set where the server is
        started, by --store-limit.
      </p>
    </div>
  );
}

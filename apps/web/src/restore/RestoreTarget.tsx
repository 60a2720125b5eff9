import { useId } from "react";
import { shortId } from "../format.ts";
import { Field, Input } from "../ui/Field.tsx";
import { Text } from "../ui/Text.tsx";

export type Target = { kind: "in_place" } | { kind: "copy"; folder: string };

/** A folder beside the workspace, named after the checkpoint. */
export function copyFolder(workspace: string | null, checkpoint_id: string): string {
  return workspace === null ? "" : `${workspace.replace(/[/\\]+$/, "")}-${shortId(checkpoint_id)}`;
}

interface RestoreTargetProps {
  target: Target;
  workspace: string | null;
  /** What the folder field starts with. */
  suggestion: string;
  disabled: boolean;
  onChange: (target: Target) => void;
}

/** Where a restore goes: into the folder itself, or as a copy into another one. */
export function RestoreTarget(props: RestoreTargetProps) {
  const { target, workspace, suggestion, disabled, onChange } = props;
  const group = useId();
  return (
    <fieldset className="grid grid-cols-[minmax(0,1fr)] gap-2" disabled={disabled}>
      <legend className="sr-only">Where to</legend>
      <div className="flex flex-wrap gap-x-4 gap-y-1">
        <label className="inline-flex min-h-7 max-w-full items-center gap-2">
          <input
            type="radio"
            name={group}
            className="shrink-0 accent-(--accent)"
            checked={target.kind === "in_place"}
            onChange={() => onChange({ kind: "in_place" })}
          />
          <span className="wrap-anywhere">
            In place
            {workspace !== null && (
              <span className="datum text-fg-2">
                {" "}
                <Text value={workspace} />
              </span>
            )}
          </span>
        </label>
        <label className="inline-flex min-h-7 items-center gap-2">
          <input
            type="radio"
            name={group}
            className="shrink-0 accent-(--accent)"
            checked={target.kind === "copy"}
            onChange={() => onChange({ kind: "copy", folder: suggestion })}
          />
          As a copy into another folder
        </label>
      </div>
      {target.kind === "copy" && (
        <Field
          label="Folder of the copy"
          hint="A new or empty folder on the server’s machine, outside this one."
        >
          {(control) => (
            <Input
              {...control}
              mono
              value={target.folder}
              onChange={(event) => onChange({ kind: "copy", folder: event.target.value })}
            />
          )}
        </Field>
      )}
    </fieldset>
  );
}

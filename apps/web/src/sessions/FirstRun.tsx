import { FolderOpen } from "lucide-react";
import { useState } from "react";
import { StartDemoButton } from "../demo/StartDemo.tsx";
import { origin } from "../server.ts";
import { useConnection, useOffline } from "../state/connection.ts";
import { Button } from "../ui/Button.tsx";
import { CopyButton } from "../ui/CopyButton.tsx";
import { Field, Input } from "../ui/Field.tsx";
import { curlLine } from "./curl-line.ts";

/** What a newcomer sees: three ways to start. */
export function FirstRun({ onCreate }: { onCreate: (path: string | null) => void }) {
  const auth = useConnection((state) => state.auth);
  const offline = useOffline();
  const [path, setPath] = useState("");
  const line = curlLine(origin, auth);
  return (
    <div className="mx-auto grid max-w-2xl grid-cols-1 gap-8 px-4 py-10">
      <div>
        <h2 className="text-xl font-semibold">Keep checkpoints of a folder</h2>
        <p className="mt-1 max-w-prose text-fg-2">
          A session watches one folder. Each checkpoint keeps every file in it, so you can go back
          to any of them, and undo that too. Nothing is written into the folder unless you restore.
        </p>
      </div>
      <form
        className="grid gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (offline === null) onCreate(path.trim() === "" ? null : path.trim());
        }}
      >
        <Field label="Folder" hint="You see what would be captured before anything is.">
          {(control) => (
            <Input
              {...control}
              mono
              placeholder="/home/me/project"
              value={path}
              onChange={(event) => setPath(event.target.value)}
            />
          )}
        </Field>
        <div className="flex flex-wrap gap-2">
          <Button type="submit" tone="primary" reason={offline}>
            Create a session…
          </Button>
          <Button
            icon={<FolderOpen size={14} aria-hidden="true" />}
            onClick={() => onCreate(null)}
            reason={offline}
          >
            Choose a folder…
          </Button>
        </div>
      </form>
      <section className="grid grid-cols-1 gap-2">
        <h3 className="font-medium">Or from a shell, for the folder it is in</h3>
        <div className="flex items-start gap-1 rounded-sm border border-line bg-sunken py-2 pr-1 pl-3">
          <pre
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls
            tabIndex={0}
            className="datum scrolls min-w-0 flex-1 py-1"
          >
            {line}
          </pre>
          <CopyButton value={line} what="Command" />
        </div>
        {auth !== "off" && (
          <p className="text-xs text-fg-3">
            The token is in the file <code className="datum">token</code> of the server's data
            folder, which it names as “Data” when it starts. If that is not the folder in this line,
            set <code className="datum">CAIRN_DATA_DIR</code> to it first.
          </p>
        )}
      </section>
      <section className="grid justify-items-start gap-2">
        <h3 className="font-medium">Or watch first</h3>
        <p className="text-fg-2">
          A scripted agent edits real files in a folder of its own for about a minute.
        </p>
        <StartDemoButton />
      </section>
    </div>
  );
}

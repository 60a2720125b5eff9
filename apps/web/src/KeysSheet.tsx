import { commands } from "./commands.ts";
import { Dialog } from "./ui/Dialog.tsx";
import { Kbd } from "./ui/Kbd.tsx";

const groups = ["Move", "Checkpoints", "Session", "Page"] as const;

/** Every key, from the table of commands. */
export function KeysSheet({
  open,
  onOpenChange,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Keys">
      <div className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
        {groups.map((group) => (
          <section key={group}>
            <h3 className="mb-1 text-xs font-medium text-fg-3">{group}</h3>
            <dl>
              {Object.values(commands)
                .filter((command) => command.group === group && command.keys !== "")
                .map((command) => (
                  <div key={command.keys} className="flex items-center justify-between gap-4 py-1">
                    <dt>{command.title.replace("…", "")}</dt>
                    <dd>
                      <Kbd always>{command.keys}</Kbd>
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

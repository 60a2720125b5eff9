import type { Session } from "@cairn/shared/session";
import { Ellipsis } from "lucide-react";
import { memo, useState } from "react";
import { Link, useNavigate } from "react-router";
import { formatBytes, formatCount } from "../format.ts";
import { useOffline } from "../state/connection.ts";
import { Badge } from "../ui/Badge.tsx";
import { IconButton } from "../ui/Button.tsx";
import { later } from "../ui/later.ts";
import { LaterDialog } from "../ui/LaterDialog.tsx";
import { Menu } from "../ui/Menu.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { Text } from "../ui/Text.tsx";
import { visibleString } from "../ui/visible.ts";
import { DirtyBadge } from "./DirtyBadge.tsx";
import { sessionMenu } from "./session-menu.tsx";
import type { SettingsTab } from "./SettingsDialog.tsx";
import { StatusBadge } from "./StatusBadge.tsx";

const RenameDialog = later(() =>
  import("./RenameDialog.tsx").then((m) => ({ default: m.RenameDialog })),
);

const SettingsDialog = later(() =>
  import("./SettingsDialog.tsx").then((m) => ({ default: m.SettingsDialog })),
);

const ValidateDialog = later(() =>
  import("../store/ValidateDialog.tsx").then((m) => ({ default: m.ValidateDialog })),
);

interface OpenDialog {
  kind: "rename" | "settings" | "validate";
  session: Session;
  tab?: SettingsTab | undefined;
}

const Row = memo(function Row({
  session,
  onDialog,
}: {
  session: Session;
  onDialog: (dialog: OpenDialog) => void;
}) {
  const navigate = useNavigate();
  const reason = useOffline();
  const address = `/s/${session.session_id}`;
  return (
    // The link in it is the accessible way; the row only makes the target larger.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
    <tr
      className="group cursor-pointer border-b border-line hover:bg-surface focus-within:bg-surface"
      onClick={(event) => {
        const { target, currentTarget } = event;
        // A click in the row's menu bubbles here through React, though it stands elsewhere.
        if (!(target instanceof Element) || !currentTarget.contains(target)) return;
        if (target.closest("a, button") === null) void navigate(address);
      }}
    >
      <td className="py-2 pr-3 pl-4 align-top max-sm:hidden">
        <StatusBadge session={session} />
      </td>
      <td className="w-full max-w-0 py-2 pr-3 align-top max-md:pl-4 sm:max-md:pl-0">
        <div className="flex min-w-0 items-center gap-2">
          <Link
            to={address}
            className="min-w-0 truncate rounded-sm font-medium group-hover:underline"
          >
            <Text value={session.name} />
          </Link>
          <span className="inline-flex sm:hidden">
            {session.status !== "open" && <StatusBadge session={session} />}
          </span>
          {session.demo && <Badge tone="accent">demo</Badge>}
          <DirtyBadge session={session} />
        </div>
        <div
          className="datum truncate text-fg-3"
          title={session.workspace === null ? undefined : visibleString(session.workspace)}
        >
          {session.workspace === null ? (
            "keeps state only, no folder"
          ) : (
            <Text value={session.workspace} />
          )}
        </div>
      </td>
      <td className="datum py-2.5 pr-4 text-right align-top">{formatCount(session.checkpoints)}</td>
      <td className="datum py-2.5 pr-4 text-right align-top whitespace-nowrap text-fg-2">
        {session.last_event_at === null ? "–" : <RelativeTime time={session.last_event_at} />}
      </td>
      <td className="datum py-2.5 pr-3 text-right align-top whitespace-nowrap text-fg-2 max-sm:hidden">
        {formatBytes(session.bytes)}
      </td>
      <td className="py-1.5 pr-3 text-right align-top">
        <Menu
          entries={sessionMenu(session, {
            reason,
            onRename: () => onDialog({ kind: "rename", session }),
            onSettings: (tab) => onDialog({ kind: "settings", session, tab }),
            onValidate: () => onDialog({ kind: "validate", session }),
          })}
          trigger={
            <IconButton label={`Actions for ${visibleString(session.name)}`}>
              <Ellipsis size={16} aria-hidden="true" />
            </IconButton>
          }
        />
      </td>
    </tr>
  );
});

const step = 200;

/** Sessions, a row each. */
export function SessionsTable({ sessions }: { sessions: readonly Session[] }) {
  const [dialog, setDialog] = useState<OpenDialog | null>(null);
  const [shown, setShown] = useState(step);
  const close = () => setDialog(null);
  const shared = {
    open: true,
    onOpenChange: (open: boolean) => {
      if (!open) close();
    },
  };
  return (
    <>
      <table className="w-full border-collapse text-left">
        <thead className="sticky top-0 z-10 bg-bg">
          <tr className="border-b border-line text-xs text-fg-3">
            <th scope="col" className="py-1.5 pr-3 pl-4 font-medium max-sm:hidden">
              Status
            </th>
            <th scope="col" className="py-1.5 pr-3 font-medium max-sm:pl-4">
              Session and folder
            </th>
            <th scope="col" className="py-1.5 pr-4 text-right font-medium">
              <span className="max-sm:sr-only">Checkpoints</span>
              <span aria-hidden="true" className="sm:hidden">
                №
              </span>
            </th>
            <th scope="col" className="py-1.5 pr-4 text-right font-medium whitespace-nowrap">
              <span className="max-sm:sr-only">Last event</span>
              <span aria-hidden="true" className="sm:hidden">
                Last
              </span>
            </th>
            <th scope="col" className="py-1.5 pr-3 text-right font-medium max-sm:hidden">
              Size
            </th>
            <th scope="col" className="py-1.5 pr-3">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sessions.slice(0, shown).map((session) => (
            <Row key={session.session_id} session={session} onDialog={setDialog} />
          ))}
        </tbody>
      </table>
      {sessions.length > shown && (
        <p className="p-4 text-center">
          <button
            type="button"
            className="text-accent underline"
            onClick={() => setShown(shown + step)}
          >
            Show more of {formatCount(sessions.length)}
          </button>
        </p>
      )}
      {dialog !== null && (
        <LaterDialog key={dialog.kind} onClose={close}>
          {dialog.kind === "validate" ? (
            <ValidateDialog session_id={dialog.session.session_id} {...shared} />
          ) : dialog.kind === "settings" ? (
            <SettingsDialog session={dialog.session} tab={dialog.tab} {...shared} />
          ) : (
            <RenameDialog session={dialog.session} {...shared} />
          )}
        </LaterDialog>
      )}
    </>
  );
}

import type { DiffFile, FileFacts } from "@cairn/shared/files";
import { Download } from "lucide-react";
import { useState } from "react";
import { downloadTicket } from "../actions.ts";
import { useOffline } from "../state/connection.ts";
import { IconButton } from "../ui/Button.tsx";
import { toastError } from "../ui/toast.ts";
import { visibleString } from "../ui/visible.ts";
import { pathParam, type NamedPath } from "./paths.ts";

interface Props {
  session_id: string;
  from: string | null;
  to: string;
  file: DiffFile;
}

interface Source {
  checkpoint_id: string;
  path: NamedPath;
}

function isFile(facts: FileFacts | null): boolean {
  return facts?.kind === "file" || facts?.kind === "executable";
}

/** The newer side of a file that stands in a checkpoint: the folder itself needs no download. */
function sourceOf({ from, to, file }: Omit<Props, "session_id">): Source | null {
  if (to !== "workspace" && isFile(file.after)) return { checkpoint_id: to, path: file };
  if (from === null || from === "workspace" || !isFile(file.before)) return null;
  const { renamed_from: path = file.path, renamed_from_b64: path_b64 } = file;
  return {
    checkpoint_id: from,
    path: file.kind === "renamed" ? { path, path_b64 } : file,
  };
}

/** Saves a file as a checkpoint has it. */
export function DownloadButton(props: Props) {
  const { session_id, file } = props;
  const offline = useOffline();
  const [busy, setBusy] = useState(false);
  const source = sourceOf(props);
  if (source === null) return null;
  const download = async (): Promise<void> => {
    setBusy(true);
    try {
      const { url } = await downloadTicket({
        session_id,
        checkpoint_id: source.checkpoint_id,
        path: pathParam(source.path),
      });
      // The answer is a download, so the page stays where it is.
      location.assign(url);
    } catch (error) {
      toastError(
        `${visibleString(file.path)} could not be downloaded`,
        error,
        () => void download(),
      );
    } finally {
      setBusy(false);
    }
  };
  return (
    <IconButton
      label={file.after === null ? "Download it as it was" : "Download this file"}
      busy={busy}
      reason={offline}
      onClick={() => void download()}
    >
      <Download size={15} aria-hidden="true" />
    </IconButton>
  );
}

/** A command that makes a session for the shell's own folder, against this very server. */
export function curlLine(origin: string, auth: "token" | "off" | null): string {
  // Where the server keeps it too, unless it was started with --data-dir.
  const folder = "${CAIRN_DATA_DIR:-${XDG_DATA_HOME:-$HOME/.local/share}/cairn}";
  const token = `$(cat "${folder}/token")`;
  const lines = [
    `curl -sS ${origin}/api/create_session`,
    ...(auth === "off" ? [] : [`-H "authorization: Bearer ${token}"`]),
    `-H 'content-type: application/json'`,
    `-d "{\\"workspace\\": \\"$PWD\\", \\"reuse\\": true}"`,
  ];
  return lines.join(" \\\n  ");
}

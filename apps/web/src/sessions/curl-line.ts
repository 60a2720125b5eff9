/** A command that makes a session for the shell's own folder, against this very server. */
export function curlLine(origin: string, auth: "token" | "off" | null): string {
  const token = `$(cat "\${XDG_DATA_HOME:-$HOME/.local/share}/cairn/token")`;
  const lines = [
    `curl -sS ${origin}/api/create_session`,
    ...(auth === "off" ? [] : [`-H "authorization: Bearer ${token}"`]),
    `-H 'content-type: application/json'`,
    `-d "{\\"workspace\\": \\"$PWD\\", \\"reuse\\": true}"`,
  ];
  return lines.join(" \\\n  ");
}

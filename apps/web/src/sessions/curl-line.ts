/** A command that makes a session for the shell's own folder, against this very server. */
export function curlLine(origin: string, auth: "token" | "off" | null): string {
  const lines = [
    `curl -sS ${origin}/api/create_session`,
    `-H 'content-type: application/json'`,
    `-d "{\\"workspace\\": \\"$PWD\\", \\"reuse\\": true}"`,
  ];
  if (auth !== "off") lines.splice(1, 0, `-H "authorization: Bearer $CAIRN_TOKEN"`);
  return lines.join(" \\\n  ");
}

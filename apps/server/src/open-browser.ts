import { spawn } from "node:child_process";

/** Opens a link with what the platform opens links with; calls `onFailure` when it cannot. */
export function openBrowser(url: string, onFailure: () => void): void {
  // The link holds a one-time code: the platform's opener needs it as an argument, there is no other way.
  const [command, ...args] =
    process.platform === "darwin"
      ? ["open", url]
      : process.platform === "win32"
        ? ["rundll32", "url.dll,FileProtocolHandler", url]
        : ["xdg-open", url];
  const child = spawn(command ?? "xdg-open", args, { stdio: "ignore", detached: true });
  child.once("error", onFailure);
  child.once("exit", (code) => {
    if (code !== 0) onFailure();
  });
  child.unref();
}

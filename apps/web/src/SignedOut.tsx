import { useState } from "react";
import { logIn } from "./server.ts";
import { useConnection } from "./state/connection.ts";
import { Button } from "./ui/Button.tsx";
import { CopyButton } from "./ui/CopyButton.tsx";
import { ErrorNote } from "./ui/ErrorNote.tsx";
import { Field, Input } from "./ui/Field.tsx";
import { ThemeToggle } from "./ui/ThemeToggle.tsx";
import { useTitle } from "./use-title.ts";

const command = "npm run login";

/** What a browser without a key sees: how to get one. */
export function SignedOut() {
  useTitle("Not signed in · Cairn");
  const failure = useConnection((state) => state.loginFailure);
  const [link, setLink] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(failure);
  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      await logIn(link);
      location.reload();
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };
  return (
    <main className="scrolls h-full">
      <div className="mx-auto grid max-w-md gap-4 px-4 py-12">
        <div className="flex items-center justify-between gap-2">
          <h1 className="text-xl font-semibold">Not signed in</h1>
          <ThemeToggle />
        </div>
        <p className="text-fg-2">
          This browser has no key for this Cairn server. Run this where the server was started; it
          prints a link that signs this browser in once, within five minutes:
        </p>
        <div className="flex items-center gap-2 rounded-sm border border-line bg-sunken py-1 pr-1 pl-3">
          <code className="datum flex-1">{command}</code>
          <CopyButton value={command} what="Command" />
        </div>
        {error !== null && <ErrorNote title="That link did not sign you in" error={error} />}
        <form
          className="grid gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          <Field label="Or paste the link here">
            {(control) => (
              <Input
                {...control}
                mono
                value={link}
                onChange={(event) => setLink(event.target.value)}
                placeholder={`${location.origin}/#login=…`}
              />
            )}
          </Field>
          <div>
            <Button
              type="submit"
              tone="primary"
              busy={busy}
              reason={link.trim() === "" ? "Paste a link first" : null}
            >
              Sign in
            </Button>
          </div>
        </form>
      </div>
    </main>
  );
}

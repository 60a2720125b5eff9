import { X } from "lucide-react";
import { Toast as Radix } from "radix-ui";
import { useStore } from "zustand";
import { Button, IconButton } from "./Button.tsx";
import { classNames } from "./class-names.ts";
import { leaveEscape } from "./escape.ts";
import { Text } from "./Text.tsx";
import { dismissToast, toasts } from "./toast.ts";

/** Draws what `toast()` says. Radix, not sonner: sonner writes a <style> tag, which the CSP forbids. */
export function Toaster() {
  const shown = useStore(toasts, (state) => state.toasts);
  return (
    <Radix.Provider label="Notice" swipeDirection="left">
      {shown.map((each) => (
        <Radix.Root
          key={each.id}
          duration={each.duration}
          type={each.tone === "bad" || each.action !== undefined ? "foreground" : "background"}
          onOpenChange={(open) => {
            if (!open) dismissToast(each.id);
          }}
          onEscapeKeyDown={leaveEscape}
          className={classNames(
            "appears flex items-start gap-2 rounded-md border bg-raised py-2 pr-2 pl-3 text-fg shadow-pop",
            each.tone === "bad" ? "border-bad" : "border-line-strong",
          )}
        >
          <div className="min-w-0 flex-1 py-1">
            <Radix.Title className="font-medium wrap-anywhere">
              <Text value={each.title} />
            </Radix.Title>
            {each.description !== undefined && (
              <Radix.Description className="text-fg-2 wrap-anywhere">
                <Text value={each.description} />
              </Radix.Description>
            )}
          </div>
          {each.action !== undefined && (
            <Radix.Action asChild altText={each.action.label} onClick={each.action.run}>
              <Button {...(each.action.keys === undefined ? {} : { keys: each.action.keys })}>
                {each.action.label}
              </Button>
            </Radix.Action>
          )}
          <Radix.Close asChild>
            <IconButton label="Dismiss">
              <X size={14} aria-hidden="true" />
            </IconButton>
          </Radix.Close>
        </Radix.Root>
      ))}
      <Radix.Viewport className="fixed bottom-12 left-3 z-50 grid w-96 max-w-[calc(100vw-24px)] gap-2 focus:outline-none" />
    </Radix.Provider>
  );
}

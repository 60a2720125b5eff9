import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { useRef, type ReactNode } from "react";
import { IconButton } from "./Button.tsx";
import { classNames } from "./class-names.ts";
import { takeEscape } from "./escape.ts";

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  /** One sentence below the title. */
  description?: ReactNode;
  /** Buttons at the bottom right; the safe one first. */
  footer?: ReactNode;
  /** `sheet` stands at the right edge over the full height, and fills small screens. */
  shape?: "narrow" | "wide" | "sheet";
  /** Work that must not be lost by a click beside the dialog or Esc. */
  locked?: boolean;
  /** Asked for the element that gets focus first; by default the first control of its content. */
  initialFocus?: () => HTMLElement | null;
  children: ReactNode;
}

const shapes = {
  narrow: "inset-x-2 top-[8vh] mx-auto max-h-[84vh] max-w-lg rounded-md",
  wide: "inset-x-2 top-[5vh] mx-auto max-h-[90vh] max-w-4xl rounded-md",
  sheet: "inset-y-0 right-0 w-full max-w-xl",
};

/** What a person came for, rather than the button that closes it again. */
function firstControl(body: HTMLElement | null): HTMLElement | null {
  const control = body?.querySelector<HTMLElement>(
    "input, textarea, select, button, a[href], [tabindex='0']",
  );
  return control ?? null;
}

/** A modal dialog: traps focus, returns it, closes by Esc. Its content scrolls, header and footer stay. */
export function Dialog(props: Props) {
  const {
    open,
    onOpenChange,
    title,
    description,
    footer,
    shape = "narrow",
    locked = false,
  } = props;
  const body = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const opener = useRef<Element | null>(null);
  const hold = (event: Event) => {
    if (locked) event.preventDefault();
  };
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        {/* Not Radix.Overlay: its scroll lock writes a <style> tag, which the CSP forbids. The
            page's body never scrolls, so nothing is lost. */}
        <div className="appears fixed inset-0 z-30 bg-[var(--overlay)]" aria-hidden="true" />
        <Radix.Content
          ref={content}
          {...takeEscape(() => {
            if (!locked) onOpenChange(false);
          })}
          onEscapeKeyDown={hold}
          onPointerDownOutside={hold}
          onInteractOutside={hold}
          onOpenAutoFocus={(event) => {
            opener.current = document.activeElement;
            const target = props.initialFocus?.() ?? firstControl(body.current) ?? content.current;
            if (target === null) return;
            event.preventDefault();
            target.focus();
          }}
          // Radix returns focus to its own trigger only, and these dialogs have none.
          onCloseAutoFocus={(event) => {
            if (!(opener.current instanceof HTMLElement)) return;
            event.preventDefault();
            opener.current.focus({ preventScroll: true });
          }}
          {...(description === undefined ? { "aria-describedby": undefined } : {})}
          className={classNames(
            "appears fixed z-40 flex flex-col border border-line bg-raised text-fg shadow-pop focus:outline-none",
            shapes[shape],
          )}
        >
          <header className="flex items-start gap-3 border-b border-line px-4 py-3">
            <div className="min-w-0 flex-1">
              <Radix.Title className="text-lg font-semibold wrap-anywhere">{title}</Radix.Title>
              {description !== undefined && (
                <Radix.Description asChild>
                  <div className="mt-0.5 text-fg-2 wrap-anywhere">{description}</div>
                </Radix.Description>
              )}
            </div>
            <Radix.Close asChild>
              <IconButton
                label="Close"
                keys="Esc"
                reason={locked ? "Wait until this is done" : null}
              >
                <X size={16} aria-hidden="true" />
              </IconButton>
            </Radix.Close>
          </header>
          <div ref={body} className="scrolls min-h-0 flex-1 px-4 py-3">
            {props.children}
          </div>
          {footer !== undefined && (
            <footer className="flex flex-wrap items-center justify-end gap-2 border-t border-line px-4 py-3">
              {footer}
            </footer>
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

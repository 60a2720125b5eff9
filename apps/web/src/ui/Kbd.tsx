import { classNames } from "./class-names.ts";

/** A key as it stands on the keyboard; left out where fingers point, unless it is `always` shown. */
export function Kbd({ children, always = false }: { children: string; always?: boolean }) {
  return (
    // Not part of any name: the command's sheet says it to everyone.
    <kbd
      aria-hidden="true"
      className={classNames(
        "datum inline-block min-w-4 rounded-sm border border-current/30 px-1 text-center text-2xs opacity-80",
        !always && "pointer-coarse:hidden",
      )}
    >
      {children}
    </kbd>
  );
}

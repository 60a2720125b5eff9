/** A key as it stands on the keyboard. */
export function Kbd({ children }: { children: string }) {
  return (
    // Not part of any name: the command's sheet says it to everyone.
    <kbd
      aria-hidden="true"
      className="datum inline-block min-w-4 rounded-sm border border-current/30 px-1 text-center text-2xs opacity-80 pointer-coarse:hidden"
    >
      {children}
    </kbd>
  );
}

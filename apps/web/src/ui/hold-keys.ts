let holds = 0;

/** Keys are no commands until the returned function is called: what is typed is meant for what opens. */
export function holdKeys(): () => void {
  holds += 1;
  return () => {
    holds -= 1;
  };
}

export function keysAreHeld(): boolean {
  return holds > 0;
}

/** The path of a line of `listTree`. */
function pathOf(line: string): string {
  return line.replace(/(\/ \d+| file \d+ [0-9a-f]{64}| link .*| other \d+)$/s, "");
}

/** What the restores since the last edit made of a folder, all of it durable. */
export class Restored {
  readonly #lines: ReadonlySet<string>;
  readonly #removed: ReadonlySet<string>;

  constructor(lines: Iterable<string> = [], removed: Iterable<string> = []) {
    this.#lines = new Set(lines);
    this.#removed = new Set(removed);
  }

  /** With one more restore, of a folder that was `before` and is `after`. */
  and(before: readonly string[], after: readonly string[]): Restored {
    const [had, has] = [new Set(before), new Set(after)];
    const paths = new Set(after.map(pathOf));
    const gone = before.filter((line) => !has.has(line)).map(pathOf);
    return new Restored(
      after.filter((line) => this.#lines.has(line) || !had.has(line)),
      [...this.#removed, ...gone].filter((path) => !paths.has(path)),
    );
  }

  /** What a power cut took of it, whatever became of the rest of the folder. */
  lostIn(found: readonly string[]): string[] {
    const there = new Set(found);
    const paths = new Set(found.map(pathOf));
    return [
      ...[...this.#lines].filter((line) => !there.has(line)).map((line) => `- ${line}`),
      ...[...this.#removed].filter((path) => paths.has(path)).map((path) => `+ ${path}`),
    ];
  }
}

import type { Filter } from "@cairn/shared/checkpoint";
import { filePattern } from "@cairn/shared/file-pattern";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { NewCheckpoint, Store } from "../store.ts";
import { addCheckpoint, addSession, at, removeCheckpoint } from "../testing/rows.ts";
import type { Open, Opened } from "./opened.ts";

/** The filter as a person would say it, without any database. */
function passes(filter: Filter, row: NewCheckpoint): boolean {
  const { tags, triggers, authors, text, file, before, after, partial, pinned } = filter;
  const { kind, reason } = row.trigger;
  const same = (value: string): string => value.toUpperCase().normalize("NFC");
  return (
    (tags ?? []).every((tag) => row.tags.includes(tag)) &&
    (triggers === undefined || triggers.includes(kind) || triggers.includes(reason ?? "none")) &&
    (authors === undefined || authors.includes(row.author)) &&
    (text === undefined || same(row.message).includes(same(text))) &&
    (file === undefined || row.changed_paths.some((path) => filePattern(file).matches(path))) &&
    (before === undefined || Date.parse(row.created_at) < Date.parse(before)) &&
    (after === undefined || Date.parse(row.created_at) >= Date.parse(after)) &&
    (partial === undefined || row.partial === partial) &&
    (pinned === undefined || row.pinned === pinned)
  );
}

const tag = fc.constantFrom("green", "Green", "fix", "a'b", "%", "__proto__");
const author = fc.constantFrom("ada", "Ada", "agent-1", "");
const word = fc.constantFrom("Straße", "ΣΟΦΟΣ", "100%", "a_b", "\\", "ÉTÉ", "e\u0301té", "'", "");
const path = fc.constantFrom(
  "src/a.ts",
  "src/a.tsx",
  "src/b/a.ts",
  "src",
  "Src/a.ts",
  "docs/ü/é.md",
  "[a].ts",
  "a*b",
  "src-old/a.ts",
);
const patterns =
  "src src/ src/* src/** *.ts **/*.ts **/a.* docs/ü [a].ts a*b /src/a.ts ./src ** * s*/b none docs/**/é.md";
const pattern = fc.constantFrom("", ...patterns.split(" "));
const second = fc.nat({ max: 20 });
const reason = fc.constantFrom("tool_call", "file_change", "before_restore");
const kind = fc.constantFrom("manual" as const, "automatic" as const, "scheduled" as const);

const row = fc.record({
  message: fc.array(word, { maxLength: 3 }).map((words) => words.join(" ")),
  tags: fc.uniqueArray(tag, { maxLength: 3 }),
  author,
  trigger: fc.record({ kind, reason }, { requiredKeys: ["kind"] }),
  created_at: second.map(at),
  partial: fc.boolean(),
  pinned: fc.boolean(),
  changed_paths: fc.uniqueArray(path, { maxLength: 4 }),
});

/** A time as any client may write it: with and without milliseconds. */
const time = fc
  .tuple(second, fc.boolean())
  .map(([n, short]) => (short ? at(n).replace(".000Z", "Z") : at(n)));

const whole: fc.Arbitrary<Required<Filter>> = fc.record({
  tags: fc.uniqueArray(tag, { maxLength: 2 }),
  triggers: fc.uniqueArray(fc.oneof(kind, reason), { maxLength: 2 }),
  authors: fc.uniqueArray(author, { maxLength: 2 }),
  text: fc.oneof(
    word,
    word.map((text) => text.toLowerCase()),
    fc.constantFrom("STRASSE", "σοφος", "été"),
  ),
  file: pattern,
  before: time,
  after: time,
  partial: fc.boolean(),
  pinned: fc.boolean(),
});

/** A few keys at a time: with all of them hardly a row would ever pass. */
const filter = whole.chain((all) =>
  fc
    .subarray(Object.keys(all) as (keyof Filter)[], { maxLength: 3 })
    .map((keys): Filter => Object.fromEntries(keys.map((key) => [key, all[key]]))),
);

export function filterContract(open: Open): void {
  let opened: Opened;
  let store: Store;
  let session_id: string;
  beforeEach(async () => {
    opened = await open();
    ({ store } = opened);
    session_id = await addSession(store);
  });
  afterEach(async () => await opened.dispose());

  const matching = async (wanted: Filter): Promise<string[]> =>
    (await store.checkpoints({ session_id, limit: 200, order: "asc", filter: wanted })).rows.map(
      ({ message }) => message,
    );

  describe("filters", () => {
    test("give what a plain comparison of every row gives", async () => {
      const other = await addSession(store);
      await fc.assert(
        fc.asyncProperty(
          fc.array(row, { minLength: 10, maxLength: 25 }),
          fc.array(filter, { minLength: 20, maxLength: 20 }),
          fc.integer({ min: 1, max: 9 }),
          async (rows, filters, limit) => {
            const rowsOfSession: NewCheckpoint[] = [];
            const session_id = await addSession(store);
            for (const [n, change] of rows.entries()) {
              const added = await addCheckpoint(store, session_id, change);
              if (n % 5 === 4) await removeCheckpoint(store, added.row.checkpoint_id);
              else rowsOfSession.push(added.row);
              await addCheckpoint(store, other, change);
            }
            for (const wanted of filters) {
              const expected = rowsOfSession.filter((one) => passes(wanted, one));
              const seen: string[] = [];
              let cursor: string | undefined;
              do {
                const query = { session_id, limit, cursor, filter: wanted, order: "asc" } as const;
                const page = await store.checkpoints(query);
                expect(page.total).toBe(expected.length);
                seen.push(...page.rows.map(({ checkpoint_id }) => checkpoint_id));
                cursor = page.next_cursor;
              } while (cursor !== undefined);
              expect(seen).toEqual(expected.map(({ checkpoint_id }) => checkpoint_id));
            }
          },
        ),
        { numRuns: 12 },
      );
    });

    test("take times from `after` on and until just before `before`, however they are written", async () => {
      for (const n of [1, 2, 3]) {
        await addCheckpoint(store, session_id, { message: `${n}`, created_at: at(n) });
      }
      const short = at(2).replace(".000Z", "Z");
      for (const time of [at(2), short, short.replace("Z", ".0Z")]) {
        expect(await matching({ after: time })).toEqual(["2", "3"]);
        expect(await matching({ before: time })).toEqual(["1"]);
      }
    });

    test("find a word whatever its case, also in scripts that SQL engines do not fold", async () => {
      for (const message of ["Größe ändern", "Ο ΔΡΟΜΟΣ", "ÐE", "İstanbul", "nul\0after"]) {
        await addCheckpoint(store, session_id, { message });
      }
      expect(await matching({ text: "GRÖSSE ÄND" })).toEqual(["Größe ändern"]);
      expect(await matching({ text: "δρομος" })).toEqual(["Ο ΔΡΟΜΟΣ"]);
      expect(await matching({ text: "ðe" })).toEqual(["ÐE"]);
      expect(await matching({ text: "AFTER" })).toEqual(["nul\0after"]);
      expect(await matching({ text: "%" })).toEqual([]);
    });

    test("find a folder in more paths than one statement has room for", async () => {
      const names = (n: number): string[] =>
        Array.from({ length: 1_000 }, (_, k) => `lib/${n}/${k}.ts`);
      for (let n = 0; n < 36; n += 1) {
        await addCheckpoint(store, session_id, { message: `${n}`, changed_paths: names(n) });
      }
      await addCheckpoint(store, session_id, { message: "other", changed_paths: ["lib.ts"] });
      expect(await matching({ file: "**" })).toHaveLength(37);
      expect(await matching({ file: "lib" })).toHaveLength(36);
      expect(await matching({ file: "lib/*/999.ts" })).toHaveLength(36);
      expect(await matching({ file: "lib/17/" })).toEqual(["17"]);
      expect(await matching({ file: "lib/17/1000.ts" })).toEqual([]);
    });
  });
}

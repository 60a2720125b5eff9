import { afterEach, beforeEach, expect, test } from "vitest";
import { DiffSite } from "../testing/diff-site.ts";
import { validate } from "./validate.ts";

let site: DiffSite;

beforeEach(() => {
  site = new DiffSite();
});

afterEach(() => site[Symbol.dispose]());

test("validate names what is damaged, where, for each snapshot that it breaks", () => {
  const sound = site.state({ a: "sound\n" });
  const large = Buffer.alloc(5_000_000, "large");
  const first = site.state({ "d/bad": "to be lost\n", "d/large": large, a: "sound\n" });
  const second = site.state({ "e/bad": "to be lost\n", b: "x" });
  const own = site.state({ ".gitignore": "*.log\n" });
  const { store } = site;
  const snapshots = [
    { pin: "sound", snapshot: sound },
    { pin: "first", snapshot: first },
    { pin: "second", snapshot: second },
    { pin: "own rules", snapshot: own },
  ];
  expect(validate(store, { snapshots, deep: true }).problems).toEqual([]);
  const drop = (hash: string): void => {
    store.index.database
      .prepare("DELETE FROM objects WHERE hash = ?")
      .run(Buffer.from(hash, "hex"));
  };
  drop(store.hashBlob(Buffer.from("to be lost\n")));
  drop(store.hashBlob(large.subarray(0, 1024 * 1024)));
  drop(own.rules);
  for (const deep of [false, true]) {
    const { problems } = validate(store, { snapshots, deep });
    expect(problems.map(({ pin, path }) => [pin, path])).toEqual([
      ["first", "d/bad"],
      ["first", "d/large"],
      ["second", "e/bad"],
      ["own rules", undefined],
    ]);
  }
});

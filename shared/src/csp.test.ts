import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const modules = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  .map((name) => join(import.meta.dirname, name));

/** How often code is made from strings while these modules load and `use` runs in another process. */
async function compilations(imports: readonly string[], use: string): Promise<number> {
  const script = `
    let made = 0;
    globalThis.Function = new Proxy(Function, {
      construct: (target, args) => (made += 1, Reflect.construct(target, args)),
    });
    for (const name of ${JSON.stringify(imports)}) {
      const exported = await import(name);
      ${use}
    }
    console.log(made);
  `;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: import.meta.dirname,
  });
  return Number(stdout);
}

test("the page's policy allows no code made from strings, and nothing of shared makes any", async () => {
  const parse = `for (const one of Object.values(exported)) one?.safeParse?.({});`;
  expect(modules.length).toBeGreaterThan(15);
  expect(await compilations(modules, parse)).toBe(0);
  // What "zod" does unlike "zod/mini", and what the count above would have shown.
  const classic = `exported.object({ a: exported.string() }).safeParse({});`;
  expect(await compilations(["zod"], classic)).toBeGreaterThan(0);
});

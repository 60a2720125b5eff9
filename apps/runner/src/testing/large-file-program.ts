// Captures a folder with one large file and reads it back, and prints by how many bytes the
// process grew over a capture of a small one: `node large-file-program.ts capture HOME BYTES`,
// after the same with `plant`, which writes the file: that takes memory of its own.
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, realpathSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { defaultSettings } from "@cairn/shared/session";
import { realFs } from "../fs.ts";
import { LocalRunner } from "../local-runner.ts";
import { noise } from "./store-site.ts";

const MiB = 1024 * 1024;
const order = process.argv[2];
const home = realpathSync(process.argv[3] ?? "");
const bytes = Number(process.argv[4]);
const workspace = join(home, "work");
const dataDir = join(home, "data");
const { ignore, include, limits } = defaultSettings;

function plant(): void {
  mkdirSync(workspace, { recursive: true });
  const fd = openSync(join(workspace, "large"), "w");
  for (let at = 0; at < bytes; at += MiB) writeSync(fd, pieceAt(at));
  closeSync(fd);
}

function pieceAt(at: number): Buffer {
  return noise(Math.min(MiB, bytes - at), `${at}`);
}

/** Highest so far; the kernel counts in KiB. */
const peak = (): number => process.resourceUsage().maxRSS * 1024;

function measure(): void {
  const runner = new LocalRunner({
    dataDir,
    storeDir: join(dataDir, "store"),
    storeLimit: null,
    ports: { fs: realFs },
  });
  const rules = { ignore, include, limits };
  const small = join(home, "small");
  mkdirSync(small);
  writeFileSync(join(small, "file"), noise(6 * MiB));
  runner.capture({ pin: "small", workspace: small, rules, parent: null }, {});
  const before = peak();
  const started = performance.now();
  const { tree } = runner.capture({ pin: "large", workspace, rules, parent: null }, {});
  const took = performance.now() - started;
  const captured = peak() - before;
  const hash = createHash("sha256");
  for (let offset = 0; offset < bytes; offset += MiB) {
    const { data } = runner.read({ tree, path: "large", offset, length: MiB });
    hash.update(data);
    // As a thread hands it over.
    if (data.buffer instanceof ArrayBuffer) data.buffer.transfer(0);
  }
  const read = peak() - before;
  runner.close();
  const wanted = createHash("sha256");
  for (let at = 0; at < bytes; at += MiB) wanted.update(pieceAt(at));
  const same = hash.digest("hex") === wanted.digest("hex");
  console.log(JSON.stringify({ captured, read, same, took }));
}

if (order === "plant") plant();
else measure();

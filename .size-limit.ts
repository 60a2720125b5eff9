// What a first visit loads: the scripts and styles that index.html names, without lazy chunks.
import { readFileSync } from "node:fs";

const dist = "apps/web/dist";
const page = readFileSync(`${dist}/index.html`, "utf8");

function named(extension: string): string[] {
  const found = [...page.matchAll(/(?:src|href)="\/([^"]+)"/g)].map((match) => match[1] ?? "");
  return found.filter((path) => path.endsWith(extension)).map((path) => `${dist}/${path}`);
}

export default [
  { name: "initial JavaScript", path: named(".js"), limit: "150 kB", gzip: true },
  { name: "initial CSS", path: named(".css"), limit: "12 kB", gzip: true },
];

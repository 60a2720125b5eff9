import { isUtf8 } from "node:buffer";

/** Relative path of a name in a folder; byte strings. */
export function pathOf(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** Places of names in one folder. `areAscii`: all of the names are, which spares looking at them. */
export function placesIn(
  folder: string | Buffer,
  areAscii: boolean,
): (name: string) => string | Buffer {
  if (!areAscii || typeof folder !== "string") return (name) => placeOf(folder, name);
  const prefix = `${folder}/`;
  return (name) => prefix + name;
}

export function isAscii(name: string): boolean {
  return ascii.test(name);
}

// oxlint-disable-next-line no-control-regex -- the range is what ASCII is
const ascii = /^[\x00-\x7f]*$/;

/** Where a name stands on the disk. Text where it can be: that is what Node is quick with. */
export function placeOf(folder: string | Buffer, name: string): string | Buffer {
  if (typeof folder === "string") {
    if (isAscii(name)) return `${folder}/${name}`;
    if (isUtf8(Buffer.from(name, "latin1")))
      return `${folder}/${Buffer.from(name, "latin1").toString()}`;
  }
  return Buffer.concat([Buffer.from(folder), Buffer.from("/"), Buffer.from(name, "latin1")]);
}

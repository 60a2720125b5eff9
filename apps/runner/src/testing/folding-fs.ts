import type { Fs } from "../fs.ts";
import { folded } from "../restore/merge.ts";

/**
 * A disk that takes names of other case or Unicode form for the same, as those of macOS and
 * Windows do: a name that is given leads to the one that stands there.
 */
export function foldingFs(fs: Fs): Fs {
  const found = (path: Buffer): Buffer => {
    const cut = path.lastIndexOf(0x2f);
    const [folder, name] = [path.subarray(0, cut + 1), path.subarray(cut + 1)];
    if (name.length === 0 || name.equals(Buffer.from("."))) return path;
    let names: Buffer[];
    try {
      names = fs.readdir(folder);
    } catch {
      return path;
    }
    if (names.some((other) => other.equals(name))) return path;
    const same = names.find((other) => folded(other) === folded(name));
    return same === undefined ? path : Buffer.concat([folder, same]);
  };
  return {
    ...fs,
    open: (path, flags, mode) => fs.open(found(path), flags, mode),
    lstat: (path) => fs.lstat(found(path)),
    readlink: (path) => fs.readlink(found(path)),
    rename: (from, to) => fs.rename(found(from), found(to)),
    link: (from, to) => fs.link(found(from), found(to)),
    symlink: (target, path) => fs.symlink(target, found(path)),
    unlink: (path) => fs.unlink(found(path)),
    mkdir: (path, mode) => fs.mkdir(found(path), mode),
    rmdir: (path) => fs.rmdir(found(path)),
  };
}

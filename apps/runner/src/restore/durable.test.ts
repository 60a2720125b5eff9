import { constants, existsSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { Fs } from "../fs.ts";
import { realFs } from "../fs.ts";
import { RestoreCase } from "../testing/restore-case.ts";

/** What a disk has been told to make durable, and what would be gone after a power cut. */
class Watch {
  /** Folders whose names changed since they were synced. */
  readonly unsynced = new Set<string>();
  /** Files that took their place before their bytes were synced. */
  readonly early: string[] = [];
  placed = 0;
  readonly #open = new Map<number, string>();
  readonly #written = new Set<string>();

  fs(): Fs {
    return {
      ...realFs,
      open: (path, flags, mode) => {
        const isNew = (flags & constants.O_CREAT) !== 0;
        if (isNew) this.#changes(path);
        const fd = realFs.open(path, flags, mode);
        const isFolder = (flags & constants.O_DIRECTORY) !== 0;
        const place = isFolder ? realpathSync(path) : placeOf(path);
        this.#open.set(fd, place);
        if (isNew) this.#written.add(place);
        return fd;
      },
      fsync: (fd) => {
        realFs.fsync(fd);
        this.unsynced.delete(this.#open.get(fd) ?? "");
        this.#written.delete(this.#open.get(fd) ?? "");
      },
      link: (from, to) => this.#moves(from, to, () => realFs.link(from, to)),
      rename: (from, to) => this.#moves(from, to, () => realFs.rename(from, to)),
      unlink: (path) => this.#changes(path, () => realFs.unlink(path)),
      symlink: (target, path) => this.#changes(path, () => realFs.symlink(target, path)),
      mkdir: (path, mode) => this.#changes(path, () => realFs.mkdir(path, mode)),
      rmdir: (path) => this.#changes(path, () => realFs.rmdir(path)),
    };
  }

  /** Folders that are there and whose names a power cut could take back. */
  lost(): string[] {
    return [...this.unsynced].filter((folder) => existsSync(`${folder}/.`));
  }

  #changes(path: Buffer, work: () => void = () => undefined): void {
    this.unsynced.add(dirname(placeOf(path)));
    work();
  }

  #moves(from: Buffer, to: Buffer, work: () => void): void {
    if (!basename(to.toString()).startsWith(".cairn-")) {
      this.placed += 1;
      if (this.#written.has(placeOf(from))) this.early.push(placeOf(to));
    }
    this.#changes(from);
    this.#changes(to, work);
  }
}

function placeOf(path: Buffer): string {
  const text = path.toString("latin1");
  return join(realpathSync(dirname(text)), basename(text));
}

test("nothing takes its place before its bytes are synced, nothing is said before its names are", () => {
  using drill = new RestoreCase();
  drill.reset();
  const watch = new Watch();
  const lost: Record<string, string[]> = {};
  const onPhase = (phase: string): void => {
    lost[phase] = watch.lost();
  };
  const restorer = drill.site.restorer({ fs: watch.fs(), onPhase });
  const request = drill.request();
  restorer.prepare(request);
  restorer.apply(request.operation_id);
  expect(watch.placed).toBeGreaterThan(8);
  expect(watch.early).toEqual([]);
  // It does see what is not synced yet.
  expect(lost["applying:0"]?.length).toBeGreaterThan(0);
  expect(lost["applied"]).toEqual([]);
  restorer.settle(request.operation_id);
  expect(watch.lost()).toEqual([]);
  expect(drill.state()).toBe("after");
});

test("nor is anything forgotten that was taken back before that is durable", () => {
  using drill = new RestoreCase();
  drill.reset();
  const watch = new Watch();
  const onPhase = (phase: string): void => {
    if (phase === "applied") throw new Error("cut");
  };
  const restorer = drill.site.restorer({ fs: watch.fs(), onPhase });
  const request = drill.request();
  restorer.prepare(request);
  expect(() => restorer.apply(request.operation_id)).toThrow("cut");
  const { journals } = drill.site.store;
  const forget = journals.delete.bind(journals);
  let lost: string[] | undefined;
  journals.delete = (id: string): void => {
    lost = watch.lost();
    forget(id);
  };
  restorer.abandon(request.operation_id);
  expect(lost).toEqual([]);
  expect(drill.state()).toBe("before");
});

import type { RestoreJournal } from "./journal.ts";
import type { Site } from "./site.ts";

/** Modes of one folder in the course of a restore. */
interface Course {
  path: Buffer;
  /** Null where the folder does not stand before, or after. */
  before: number | null;
  after: number | null;
}

/** A folder's mode while things are changed in it. */
const loose = (mode: number): number => mode | 0o700;

function courses(journal: RestoreJournal): Course[] {
  const byPath = new Map<string, Course>();
  const at = (path: Buffer): Course => {
    const course = byPath.get(key(path)) ?? { path, before: null, after: null };
    byPath.set(key(path), course);
    return course;
  };
  for (const { path, mode } of journal.loosened)
    Object.assign(at(path), { before: mode, after: mode });
  for (const step of journal.steps) {
    if (step.do === "mkdir") Object.assign(at(step.path), { before: null, after: step.mode });
    if (step.do === "rmdir") Object.assign(at(step.path), { before: step.mode, after: null });
    if (step.do === "chmod")
      Object.assign(at(step.path), { before: step.before, after: step.after });
  }
  return [...byPath.values()].toSorted((a, b) => a.path.compare(b.path));
}

/** Whether a restore itself gave, or found, the folder this mode. */
function isOfCourse({ before, after }: Course, mode: number): boolean {
  // As it was made, a moment before it got its own.
  if ((before === null || after === null) && mode === 0o700) return true;
  return [before, after].some(
    (known) => known !== null && (mode === known || mode === loose(known)),
  );
}

/** Whether a folder that the restore was to make has a mode of its making, once loosened. */
export function isOurFolder(mode: number | null, made: number): boolean {
  return mode === 0o700 || mode === loose(made);
}

/**
 * Makes the folders of the journal writable for us. A mode that somebody else gave stays; a folder
 * whose mode we may not change, too, where its error `mayStay`.
 */
export function loosen(site: Site, mayStay: (error: unknown) => boolean = () => false): void {
  for (const course of courses(site.journal)) {
    try {
      const mode = site.modeOf(course.path);
      if (mode !== null && isOfCourse(course, mode)) site.setMode(course.path, loose(mode));
    } catch (error) {
      if (!mayStay(error)) throw error;
    }
  }
}

/**
 * Makes these folders writable for us, whatever their mode. Gives what takes that back: to the
 * mode each had, or its mode of after where an earlier try was cut.
 */
export function loosenFor(site: Site, folders: Buffer[], isRepeated: boolean): () => void {
  const after = new Map<string, number | null>();
  if (isRepeated)
    for (const course of courses(site.journal)) after.set(key(course.path), course.after);
  const modes = new Map<string, { path: Buffer; mode: number }>();
  for (const path of folders.toSorted((a, b) => a.compare(b))) {
    const mode = site.modeOf(path);
    if (mode === null || modes.has(key(path))) continue;
    const known = after.get(key(path)) ?? mode;
    if (loose(mode) !== mode) modes.set(key(path), { path, mode });
    else if (mode === loose(known) && mode !== known) modes.set(key(path), { path, mode: known });
    site.setMode(path, loose(mode));
  }
  return () => {
    for (const { path, mode } of [...modes.values()].toReversed()) site.setMode(path, mode);
  };
}

/** Gives folders their modes of before or after. Gives those whose mode somebody else changed. */
export function settleModes(site: Site, to: "before" | "after"): Buffer[] {
  const foreign: Buffer[] = [];
  for (const course of courses(site.journal).toReversed()) {
    const wanted = course[to] ?? course.before ?? course.after;
    const mode = site.modeOf(course.path);
    if (mode === null || wanted === null || mode === wanted) continue;
    if (isOfCourse(course, mode)) site.setMode(course.path, wanted);
    else foreign.push(course.path);
  }
  return foreign;
}

const key = (path: Buffer): string => path.toString("latin1");

import type { Difference } from "@cairn/shared/files";
import { ProtocolError } from "@cairn/shared/errors";
import type { Rules, Snapshot } from "../runner.ts";
import type { Content } from "./content.ts";

/**
 * One change of one path. Which steps a crash let happen is read from the disk, path by path:
 * - `take` sets a file or link aside, `rmdir` removes a folder that is empty by then,
 * - `mkdir` makes a folder, `put` writes a file or link, setting aside what stood there,
 * - `chmod` gives a folder its mode.
 */
export type Step =
  | { do: "take"; path: Buffer; before: Content }
  | { do: "rmdir"; path: Buffer; mode: number }
  | { do: "mkdir"; path: Buffer; mode: number }
  | { do: "put"; path: Buffer; before: Content | null; after: Content }
  | { do: "chmod"; path: Buffer; before: number; after: number };

/**
 * `prepared`: nothing written yet; `applying`: anything may be; `applied`: all is, and verified;
 * `settling`: the outcome is committed elsewhere, what was set aside is being dropped.
 */
export type Phase = "prepared" | "applying" | "applied" | "settling";

/** All that is needed to finish a restore, or to take it back, without any other memory. */
export interface RestoreJournal {
  operation_id: string;
  phase: Phase;
  root: {
    path: Buffer;
    /** Device of the folder, or of its parent where the folder is to be made. */
    device: string;
    /** Which folder it is whatever its device is called; absent until it is made. */
    identity?: string;
    existed: boolean;
  };
  target: Snapshot;
  /** Null for a restore into another folder. */
  safety: Snapshot | null;
  rules: Rules;
  /** The chosen paths, null for all. */
  paths: Buffer[] | null;
  steps: Step[];
  /** Folders that must be made writable meanwhile, and their mode before. */
  loosened: { path: Buffer; mode: number }[];
  /** What the plan left alone and, once applied, what else did not end as wanted. */
  differences: Difference[];
}

const version = 1;

/** JSON of a journal: bytes as latin1 text, so that any name survives. */
export function encodeJournal(journal: RestoreJournal): unknown {
  return {
    ...journal,
    version,
    root: { ...journal.root, path: text(journal.root.path) },
    paths: journal.paths?.map(text) ?? null,
    steps: journal.steps.map((step) => ({ ...step, path: text(step.path) })),
    loosened: journal.loosened.map(({ path, mode }) => ({ path: text(path), mode })),
  };
}

type Text<T> = T extends { path: Buffer } ? Omit<T, "path"> & { path: string } : T;

interface Encoded extends Omit<RestoreJournal, "root" | "paths" | "steps" | "loosened"> {
  version: number;
  root: Text<RestoreJournal["root"]>;
  paths: string[] | null;
  steps: Text<Step>[];
  loosened: Text<RestoreJournal["loosened"][number]>[];
}

/** The journal that `encodeJournal` gave. Refuses one that a newer Cairn wrote. */
export function decodeJournal(data: unknown): RestoreJournal {
  const { version: written, ...encoded } = data as Encoded;
  if (written !== version) {
    throw new ProtocolError(
      "internal",
      "An unfinished restore was begun by another version of Cairn. Start that version once so that it can finish.",
    );
  }
  return {
    ...encoded,
    root: { ...encoded.root, path: bytes(encoded.root.path) },
    paths: encoded.paths?.map(bytes) ?? null,
    steps: encoded.steps.map((step) => ({ ...step, path: bytes(step.path) })),
    loosened: encoded.loosened.map(({ path, mode }) => ({ path: bytes(path), mode })),
  };
}

const text = (path: Buffer): string => path.toString("latin1");
const bytes = (path: string): Buffer => Buffer.from(path, "latin1");

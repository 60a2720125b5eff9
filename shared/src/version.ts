interface ProtocolVersion {
  version: number;
  /** Of everything that goes over the wire; `version.test.ts` says how it is made. */
  fingerprint: string;
  /** What changed for clients, in one line. */
  change: string;
}

/** Every version of the wire, newest first. A test fails when the wire changes without a line here. */
export const protocolVersions: readonly [ProtocolVersion, ...ProtocolVersion[]] = [
  {
    version: 3,
    fingerprint: "59b8a8a0a63852a1",
    change:
      "cancel, download_ticket, repair, collect, store_facts; compaction by hours, days, weeks and age, and by itself; automatic checkpoints; renames and white space in diffs.",
  },
  {
    version: 2,
    fingerprint: "f448640e1a71104f",
    change:
      "Filters, acknowledged delivery with named consumers, batches, replay from a time or the start, idempotency keys, event streams over HTTP, list_connections.",
  },
  {
    version: 1,
    fingerprint: "a9b1793be84557a0",
    change: "The first: sessions, checkpoints, restore with undo and redo, events with resume.",
  },
];

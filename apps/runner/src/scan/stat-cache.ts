/** What the files of one workspace hashed to when they were last read. Its loss costs a re-hash. */
export class StatCache {}

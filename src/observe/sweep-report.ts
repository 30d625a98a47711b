/** What `sweep()` or `reconcile()` removed, or would remove. */
export interface SweepReport {
  /** Entries that had expired. */
  entries: number;
  /** Objects that nothing refers to any more. */
  objects: number;
  /** Bytes in those objects. */
  bytes: number;
  /**
   * Scopes and objects that could not be done, the first 1,000, by path, with the code of the error; the next sweep tries them again. A path that is the
   * namespace alone (`prod/`) stands for the object store: it could not be reached, or lacks a right.
   */
  failed: readonly { path: string; code: string }[];
}

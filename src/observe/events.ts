import type { AssetScope, TaskScope } from '../model/scope.ts';

/** What a run did or found. */
export type DecisionKind =
  | 'submitted'
  | 'repeated'
  | 'reconnected'
  | 'already-succeeded'
  | 'resubmitted'
  | 'refused'
  | 'unresolved'
  | 'ambiguous'
  | 'already-failed'
  | 'missing'
  | 'input-changed';

/** What `sweep()` or `reconcile()` removed, or would remove. */
export interface SweepReport {
  /** Entries that had expired. */
  entries: number;
  /** Objects that nothing refers to any more. */
  objects: number;
  /** Bytes in those objects. */
  bytes: number;
  /**
   * The first 1,000 scopes and objects that failed, by path, with the code of the error. The next sweep tries them again. A path
   * that is the namespace alone (`prod/`) stands for the object store, which could not be reached or denied access.
   */
  failed: readonly { path: string; code: string }[];
}

/** What `onEvent` hears. The union may grow: keep a default branch. */
export type StateEvent =
  | {
      type: 'decision';
      decision: DecisionKind;
      scope: TaskScope;
      externalIdKey: string;
      submission: number;
      attempt: number;
      name?: string;
    }
  | { type: 'stale-write' | 'missing-object' | 'orphan'; scope: TaskScope | AssetScope; key: string }
  | { type: 'offload'; bytes: number; storedBytes: number }
  | { type: 'sweep'; report: SweepReport };

import type { SweepReport } from './sweep-report.ts';
import type { AssetScope, TaskScope } from '../model/scope.ts';

/** What a run did, or found. */
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

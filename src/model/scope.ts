/** Whose state it is. The attempt is never part of it: every attempt of one task sees the same state. */

/** One task of one run of a flow, or one mapped item of it: by position, or by the item's own identity. */
export type TaskScope = { flow: string; run: string; task: string } & (
  | { mapIndex?: number; itemKey?: never }
  | { itemKey: string; mapIndex?: never }
);

/** A thing that outlives runs and that several tasks write: named by a name or by a URI. */
export type AssetScope = { name: string; uri?: never } | { uri: string; name?: never };

/** Whether a scope is a task's. */
export function isTaskScope(scope: TaskScope | AssetScope): scope is TaskScope {
  return 'flow' in scope;
}

import type { TaskScope } from '../model/scope.ts';

/** The scopes of BullMQ's jobs. Those of a user's own, and of Temporal, are told apart by their form. */

/** The parts of a BullMQ job's scope; `undefined` for another scope. */
export function queueJobOf(scope: TaskScope): { prefix: string; queue: string; id: string; createdAt: number } | undefined {
  const [, prefix, queue] = /^(.+):([^:]+)$/s.exec(scope.flow) ?? [];
  const [, id, createdAt] = /^(.+)@(\d+)$/s.exec(scope.run) ?? [];
  if (prefix === undefined || queue === undefined || id === undefined) return undefined;
  return { prefix, queue, id, createdAt: Number(createdAt) };
}

import { nextTick } from 'node:process';
import type { BullJob, ExtendLocks } from '../runtime.ts';

/**
 * Proves that calls of a processor hold their jobs, by extending their locks. Calls that ask in the same turn of the event loop
 * share one command.
 */

/** A job, and the token that it may be held by. */
export interface Held {
  readonly job: BullJob;
  readonly token: string;
}

/** Extends the lock of one job: whether it is held under this token. */
export async function extendLock({ job, token }: Held, duration: number): Promise<boolean> {
  return (await job.extendLock?.(token, duration)) === 1;
}

/** Without `extendLocks` each job is asked for alone. */
export function createProofs(lockDuration: number, extendLocks: ExtendLocks | undefined): (held: Held) => Promise<boolean> {
  let asked = new Map<string, Held & { proof: Promise<boolean> }>();
  let sent: Promise<ReadonlySet<string> | undefined> | undefined;

  /** Which jobs are not held; `undefined`: each has to ask for itself. */
  const ask = async (): Promise<ReadonlySet<string> | undefined> => {
    await new Promise<void>((resolve) => nextTick(resolve));
    const all = asked;
    asked = new Map();
    sent = undefined;
    if (!extendLocks || all.size === 1) return undefined;
    const tokens = [...all.values()].map(({ token }) => token);
    return new Set((await extendLocks([...all.keys()], tokens, lockDuration)).map(String));
  };
  const prove = async (held: Held, id: string): Promise<boolean> => {
    const failed = await (sent ??= ask());
    return failed ? !failed.has(id) : extendLock(held, lockDuration);
  };
  return (held) => {
    const id = String(held.job.id);
    const before = asked.get(id);
    // An answer by the job's ID says nothing about another call of the same job.
    if (before) return before.token === held.token ? before.proof : extendLock(held, lockDuration);
    const one = { ...held, proof: prove(held, id) };
    asked.set(id, one);
    return one.proof;
  };
}

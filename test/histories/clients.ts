import { beginAttempt } from '../../src/adapter-kit.ts';
import type { StateHandle } from '../../src/state-store/state-handle.ts';
import type { StateStore } from '../../src/state-store/state-store.ts';
import type { TaskScope } from '../../src/model/scope.ts';
import type { History, Operation, Outcome } from './history.ts';

/** Those who read and write one key at the same time: tools, and attempts of which each supersedes the one before. */

/** What all clients of a round share. */
export interface Round {
  readonly scope: TaskScope;
  readonly history: History;
  /** A number of at least 0 and below 1. */
  readonly random: () => number;
  /** A value that nobody has written yet. */
  readonly fresh: () => number;
}

/** Who calls, and whether their writes compare first. An attempt has one kind at a time (docs/reliability.md). */
type Caller = Pick<Operation, 'client' | 'attempt'> & { compares: boolean };

interface Numbers {
  k: number;
  begun: number;
}

/** A person or a tool makes so many calls. A client may send a plain write of theirs twice (docs/reliability.md), so they compare. */
export async function tool(round: Round, client: number, store: StateStore, calls: number): Promise<void> {
  const state = store.task<Numbers>(round.scope);
  for (let left = calls; left > 0; left -= 1) await one(round, { client, attempt: 0, compares: true }, state);
}

/** An attempt begins, and makes so many calls, two at a time. It ends once it is superseded. */
export async function attempt(round: Round, number: number, store: StateStore, calls: number): Promise<void> {
  const { scope, history, random } = round;
  const compares = random() < 0.5;
  const running = beginAttempt<Numbers>(store, {
    scope,
    attempt: number,
    first: number === 1,
    createdAt: new Date(),
    fence: { kind: 'ordered', order: [1, number] },
  });
  const { state } = running.context;
  try {
    const begun = await history.call(
      { client: number, attempt: number, kind: 'begin' },
      async () => void (await state.set('begun', number)),
    );
    if (begun !== 'ok') return;
    const lane = async (client: number): Promise<void> => {
      for (let left = calls; left > 0; left -= 1) {
        if ((await one(round, { client, attempt: number, compares }, state)) === 'stale') return;
      }
    };
    await Promise.all([lane(10 * number), lane(10 * number + 1)]);
  } finally {
    await running[Symbol.asyncDispose]();
  }
}

/** One call, or a read and a write that rests on it. */
async function one({ history, random, fresh }: Round, caller: Caller, state: StateHandle<Numbers>): Promise<Outcome> {
  const { client, attempt, compares } = caller;
  const call = { client, attempt };
  const choice = random();
  const to = fresh();
  if (choice < 0.3) {
    return history.call({ ...call, kind: 'get' }, async (operation) => {
      operation.value = (await state.get('k')) ?? 0;
    });
  }
  if (!compares) {
    if (choice < 0.8) return history.call({ ...call, kind: 'set', to }, async () => void (await state.set('k', to)));
    return history.call({ ...call, kind: 'delete' }, () => state.delete('k'));
  }
  if (choice < 0.5) {
    return history.call({ ...call, kind: 'get-or-set', to }, async (operation) => {
      operation.value = await state.getOrSet('k', () => Promise.resolve(to));
    });
  }
  if (choice < 0.8) {
    const removes = random() < 0.3;
    return history.call({ ...call, kind: 'compare-and-set', to: removes ? 0 : to }, async (operation) => {
      await state.update('k', (current) => {
        operation.from = current ?? 0;
        return removes ? undefined : to;
      });
    });
  }
  let entry: { value: number; version: string } | undefined;
  const read = await history.call({ ...call, kind: 'get' }, async (operation) => {
    entry = await state.getEntry('k');
    operation.value = entry?.value ?? 0;
  });
  if (read !== 'ok') return read;
  return history.call({ ...call, kind: 'compare-and-set', from: entry?.value ?? 0, to }, async () => {
    await state.set('k', to, { ifVersion: (entry?.version as never) ?? 'absent' });
  });
}

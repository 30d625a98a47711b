import { expectTypeOf } from 'expect-type';
import { type StateStore, type TaskContext } from 'mooring';
import { beginAttempt, type Attempt } from 'mooring/adapter-kit';

declare const store: StateStore;
const scope = { flow: 'f', run: 'r', task: 't' };
const createdAt = new Date(0);

// The door of the adapters is open to others: an ordered fence, or one that is drawn and proven.
const attempt = beginAttempt<{ cursor: number }>(store, {
  scope,
  attempt: 2,
  first: false,
  createdAt,
  fence: { kind: 'ordered', order: [1_763_000_000_000, 2] },
  jobId: '7@1763000000000',
  patience: '1m',
  onCancelRequest: (reason) => reason.length,
});
expectTypeOf(attempt).toEqualTypeOf<Attempt<{ cursor: number }>>();
expectTypeOf(attempt.context).toEqualTypeOf<TaskContext<{ cursor: number }>>();
expectTypeOf(attempt.succeed()).resolves.toEqualTypeOf<void>();
attempt.abort(new Error('closing'));
attempt.cancel('a person asked');
void beginAttempt(store, {
  scope,
  attempt: 1,
  first: true,
  createdAt,
  fence: { kind: 'drawn', prove: () => Promise.resolve(true) },
});
// @ts-expect-error: a drawn fence is proven
void beginAttempt(store, { scope, attempt: 1, first: true, createdAt, fence: { kind: 'drawn' } });

import type { IncomingHttpHeaders } from 'node:http';
import { expectTypeOf } from 'expect-type';
import {
  externalJob,
  jobStatus,
  NotSubmittedError,
  type Decision,
  type DecisionKind,
  type ExternalJob,
  type JobRecord,
  type JobStatus,
  type JsonValue,
  type StatusDetails,
  type StatusWord,
  type TaskContext,
} from 'mooring';
import { farm, grid, type Video } from './external-systems.ts';

declare const ctx: TaskContext;

// Only the input is annotated: the ID and the result flow from the literal.
const transcode = externalJob({
  submit: (video: Video, { idempotencyKey }) => farm.submit(video, { token: idempotencyKey }),
  idempotentFor: '24h',
  find: (key) => farm.search(key),
  getStatus: (id) => farm.status(id),
  getResult: (id) => farm.output(id),
  cancel: (id, { reason }) => {
    expectTypeOf(id).toEqualTypeOf<string>();
    expectTypeOf(reason).toEqualTypeOf<'requested' | 'input-changed' | 'gave-up'>();
    return Promise.resolve();
  },
  fingerprint: (video) => video.source,
});
expectTypeOf(transcode).toEqualTypeOf<ExternalJob<Video, string, { url: string; seconds: number }>>();
expectTypeOf(ctx.run(transcode, { source: 'a', preset: 'hd' })).resolves.toEqualTypeOf<{ url: string; seconds: number }>();
expectTypeOf(ctx.submit(transcode, { source: 'a', preset: 'hd' })).resolves.toEqualTypeOf<string>();
expectTypeOf(ctx.decide(transcode, { source: 'a', preset: 'hd' })).resolves.toEqualTypeOf<Decision<string>>();
// @ts-expect-error: not its input
void ctx.run(transcode, { source: 'a' });

// Without getResult there is no result; an ID may be a number, or an object.
const words = jobStatus({ active: ['queued', 'running'], succeeded: ['done'], failed: ['failed'] });
const LISTS = {
  active: ['queued', 1],
  succeeded: [true],
  failed: ['failed'],
  cancelled: ['stopped'],
  missing: ['gone'],
} as const;
void jobStatus(LISTS)('queued', { progress: 1, nextPoll: '120', reason: null, error: new Error('any') });
// @ts-expect-error: every system has words for these three
void jobStatus({ active: ['queued'], succeeded: ['done'] });
// @ts-expect-error: no such list
void jobStatus({ active: [], succeeded: [], failed: [], canceled: ['stopped'] });
// @ts-expect-error: an object is no word
void words({ phase: 'queued' });
// @ts-expect-error: no such detail
void words('queued', { percent: 1 });
expectTypeOf(words).toEqualTypeOf<(word: StatusWord | null | undefined, more?: string | StatusDetails | null) => JobStatus>();
const command = externalJob({
  submit: (line: readonly string[]) => grid.submit(line),
  getStatus: async (id) => words(await grid.status(id)),
});
expectTypeOf(command).toEqualTypeOf<ExternalJob<readonly string[], number, undefined>>();
expectTypeOf(ctx.run(command, ['ls'])).resolves.toEqualTypeOf<undefined>();
const run = externalJob({
  submit: (_: { name: string }) => Promise.resolve({ cluster: 'a', run: 7 }),
  getStatus: (id) => Promise.resolve(id.run === 7 ? { state: 'succeeded' as const } : { state: 'missing' as const }),
});
expectTypeOf(ctx.submit(run, { name: 'x' })).resolves.toEqualTypeOf<{ cluster: string; run: number }>();

// An ID that may be undefined does not compile.
externalJob({
  // @ts-expect-error: what would a later attempt reconnect to?
  submit: (_: Video) => Promise.resolve<string | undefined>(undefined),
  getStatus: () => Promise.resolve({ state: 'succeeded' }),
});
externalJob({
  // @ts-expect-error: nor one that is nothing at all
  submit: async (_: Video) => {},
  getStatus: () => Promise.resolve({ state: 'succeeded' }),
});
// @ts-expect-error: nobody could wait for it
externalJob({ submit: (video: Video) => farm.submit(video, { token: '' }) });
externalJob({
  submit: (video: Video) => farm.submit(video, { token: '' }),
  getStatus: (id) => farm.status(id),
  // @ts-expect-error: a length of time, not a claim
  idempotentFor: true,
});
externalJob({
  submit: (video: Video) => farm.submit(video, { token: '' }),
  getStatus: (id) => farm.status(id),
  // @ts-expect-error: the silent second submission that the library exists to prevent
  onAmbiguous: 'resubmit',
});

// A class may implement it.
class Grid implements ExternalJob<readonly string[], number, string> {
  submit(line: readonly string[]): Promise<number> {
    return grid.submit(line);
  }
  async getStatus(id: number): Promise<JobStatus> {
    return words(await grid.status(id));
  }
  getResult(id: number): Promise<string> {
    return grid.status(id);
  }
}
expectTypeOf(ctx.run(new Grid(), ['ls'])).resolves.toEqualTypeOf<string>();

// A status holds only what its state may hold.
expectTypeOf<JobStatus['state']>().toEqualTypeOf<'active' | 'succeeded' | 'failed' | 'missing' | 'unknown'>();
const active: JobStatus = { state: 'active', progress: { percent: 40 }, nextPoll: '5s' };
const header: JobStatus = { state: 'active', nextPoll: new Headers().get('retry-after') };
void header;
const failed: JobStatus = { state: 'failed', reason: 'out of memory', retryable: false };
void [active, failed];
// @ts-expect-error: a failure has a reason
const unexplained: JobStatus = { state: 'failed' };
// @ts-expect-error: a result comes from getResult
const early: JobStatus = { state: 'succeeded', result: 1 };
// @ts-expect-error: no such state
const strange: JobStatus = { state: 'running' };
void [unexplained, early, strange];

// A decision is one of eleven.
expectTypeOf<DecisionKind>().toEqualTypeOf<
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
  | 'input-changed'
>();

// Waiting is one union.
void ctx.run(transcode, { source: 'a', preset: 'hd' }, { wait: { mode: 'release', holdFor: '30s' }, signal: ctx.signal });
void ctx.run(transcode, { source: 'a', preset: 'hd' }, { wait: { mode: 'hold' } });
// @ts-expect-error: holding has no end
void ctx.run(transcode, { source: 'a', preset: 'hd' }, { wait: { mode: 'hold', holdFor: '30s' } });

// A refusal by the external system is the one error that users make.
throwing(() => new NotSubmittedError('queue full', { retryAfter: '30s', cause: new Error('429') }));
throwing(() => new NotSubmittedError('no such preset', { retryable: false }));
// A Retry-After header as `fetch` (null) or Node (undefined) has it.
throwing(() => new NotSubmittedError('busy', { retryAfter: new Headers().get('retry-after') }));
throwing(() => new NotSubmittedError('busy', { retryAfter: incoming['retry-after'] }));
declare const incoming: IncomingHttpHeaders;
// @ts-expect-error: a date is not the text of a header
throwing(() => new NotSubmittedError('busy', { retryAfter: new Date() }));
expectTypeOf(new NotSubmittedError('busy').retryAfter).toEqualTypeOf<number | undefined>();
function throwing(make: () => Error): void {
  void make;
}

// A record has an external ID exactly where it is known.
declare const record: JobRecord;
if (record.state === 'submitted' || record.state === 'succeeded') expectTypeOf(record.externalId).toEqualTypeOf<JsonValue>();
if (record.state === 'submitting') expectTypeOf(record.deadline).toEqualTypeOf<Date>();
if (record.state === 'failed') expectTypeOf(record.reason).toEqualTypeOf<string>();
if (record.state === 'ambiguous') {
  // @ts-expect-error: nobody knows it
  void record.externalId;
}

import {
  doctor,
  externalJob,
  jobRecords,
  reconcile,
  recover,
  sweep,
  type ExternalJob,
  type JobStatus,
  type Logger,
  type StateStore,
} from '../../src/index.ts';
import { testTask } from '../../src/testing/test-task.ts';
import { clientError, MARKS, type Heard } from './marks.ts';

/** Work with a store in which every value, input and result is marked. All that it says is heard. */

/** When the job of BullMQ was created. */
export const CREATED = 1_764_586_800_000;
/** Whose state it is. */
export const SCOPE = { flow: 'bull:transcode', run: `42@${CREATED}`, task: 'transcode' };

/** A logger whose lines are heard. */
export function loggerTo(heard: Heard): Logger {
  const line = (fields: object, message: string): void => heard.hear(`log: ${message}`, message, fields);
  return { debug: line, info: line, warn: line, error: line };
}

/** A value that is offloaded. */
export const LARGE = { text: MARKS.value.repeat(50) };

type JobFunction = 'submit' | 'find' | 'getStatus' | 'getResult' | 'cancel' | 'describe';

/** An external job whose functions fail as they are told, with all that a client of HTTP hangs on its errors. */
export function failing(at: { readonly [Name in JobFunction]?: true }, status: JobStatus = { state: 'succeeded' }) {
  const fail = async (name: JobFunction): Promise<void> => {
    if (at[name]) throw clientError();
  };
  return externalJob({
    name: 'encode',
    submit: async (_input: { secret: string }) => (await fail('submit'), 'job-1'),
    getStatus: async () => (await fail('getStatus'), status),
    getResult: async () => (await fail('getResult'), { secret: MARKS.result, large: LARGE }),
    cancel: async () => fail('cancel'),
    ...(at.find && { find: async () => (await fail('find'), undefined) }),
    describe: () => {
      if (at.describe) throw clientError();
      return { title: 'a clip', url: `https://user:${MARKS.password}@clips.example.com/jobs/1` };
    },
    pollInterval: 5,
    submitTimeout: 60,
    callTimeout: 200,
    findLag: 0,
    missingGrace: 0,
    unknownFor: 20,
  });
}

/** Jobs that end in every way: in a task each, with two tries. */
export async function runJobs(heard: Heard, store: StateStore): Promise<void> {
  const cases: [string, ExternalJob<{ secret: string }, string, unknown>][] = [
    ['succeeds', failing({})],
    ['fails', failing({}, { state: 'failed', reason: 'out of memory' })],
    ['is missing', failing({}, { state: 'missing' })],
    ['is unknown', failing({}, { state: 'unknown' })],
    ['cannot be submitted', failing({ submit: true })],
    ['cannot be found', failing({ submit: true, find: true })],
    ['has no status', failing({ getStatus: true })],
    ['has no result', failing({ getResult: true })],
    ['cannot be described', failing({ describe: true })],
  ];
  for (const [what, job] of cases) {
    const task = testTask(store, { flow: 'jobs', run: what, task: 'encode' });
    for (const input of [MARKS.input, `${MARKS.input} changed`]) {
      const work = (): Promise<unknown> => task.attempt((ctx) => ctx.run(job, { secret: input }));
      await heard.error(`error: a job that ${what}`, work, false);
    }
    const cancelled = failing({ cancel: true }, { state: 'active' });
    const held = testTask(store, { flow: 'jobs', run: `${what}, cancelled`, task: 'encode' });
    const soon = new AbortController();
    setTimeout(() => soon.abort(new Error('a person')), 30);
    const run = (): Promise<unknown> =>
      held.attempt((ctx) => ctx.run(cancelled, { secret: MARKS.input }), { signal: soon.signal });
    if (what === 'succeeds') await heard.error('error: a job that is cancelled', run, false);
  }
}

async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Every operation on values, also what is refused. */
export async function useStore(heard: Heard, store: StateStore): Promise<void> {
  const state = store.task(SCOPE);
  const asset = store.asset({ name: 'catalogue' });
  const each: [string, () => unknown][] = [
    ['set', () => state.set('small', MARKS.value)],
    ['set large', () => state.set('large', LARGE)],
    ['set bytes', () => state.set('bytes', Buffer.from(MARKS.bytes.repeat(20)))],
    ['set again', () => state.set('large', { ...LARGE, more: MARKS.value })],
    ['setMany', () => state.setMany({ one: MARKS.value, two: LARGE })],
    ['setStream', () => state.setStream('film', streamOf(Buffer.from(MARKS.bytes.repeat(20))))],
    ['get', () => state.get('large')],
    ['getMany', () => state.getMany(['small', 'large', 'bytes'])],
    ['update', () => state.update('small', () => `${MARKS.value} again`)],
    ['getOrSet', () => state.getOrSet('later', async () => MARKS.value)],
    ['a conflict', () => state.set('small', MARKS.value, { ifVersion: 'absent' })],
    ['asset', () => asset.set('small', MARKS.value)],
    ['a function', () => state.set('bad', { secret: MARKS.value, inner: [() => MARKS.value] })],
    ['a date', () => state.set('bad', { secret: MARKS.value, at: new Map([[MARKS.value, MARKS.value]]) })],
    ['a number', () => state.set('bad', [MARKS.value, Number.NaN])],
    ['half a letter', () => state.set('bad', `${MARKS.value}\uD800`)],
    ['a value in place of a stream', () => state.setStream('film', MARKS.value as never)],
    ['a value in place of a function', () => state.getOrSet('none', MARKS.value as never)],
    ['a value in place of values', () => state.setMany(MARKS.value as never)],
    ['a value in place of options', () => state.set('bad', 1, MARKS.value as never)],
    [
      'an update that throws',
      () =>
        state.update('small', () => {
          throw clientError();
        }),
    ],
    ['delete', () => state.delete('two')],
  ];
  for (const [what, work] of each) await heard.error(`error: ${what}`, work, what !== 'an update that throws');
  await heard.error('error: too large', () => state.set('big', MARKS.value.repeat(3_000_000)));
}

async function collected(all: AsyncIterable<unknown>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const one of all) found.push(one);
  return found;
}

/** What operators and timers do. The replies are heard, too. */
export async function maintain(heard: Heard, store: StateStore): Promise<void> {
  const works: [string, () => Promise<unknown>][] = [
    ['ready', () => store.ready()],
    ['sweep', () => sweep(store)],
    ['reconcile', () => reconcile(store, { apply: true, maxShare: 1 })],
    ['recover', () => recover(store)],
    ['doctor', () => doctor(store)],
    ['records', () => collected(jobRecords(store).list())],
    ['orphans', () => collected(jobRecords(store).orphans())],
    ['summary', () => jobRecords(store).summary()],
  ];
  for (const [what, work] of works) {
    await heard.error(`error: ${what}`, async () => {
      const reply = await work();
      heard.hear(`reply: ${what}`, reply);
    });
  }
}

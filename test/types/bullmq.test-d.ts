import { Queue, Worker, type Job, type SandboxedJob } from 'bullmq';
import { Queue as Queue5, Worker as Worker5, type Job as Job5, type SandboxedJob as SandboxedJob5 } from 'bullmq-5';
import { expectTypeOf } from 'expect-type';
import { externalJob, type StateStore, type TaskContext } from 'mooring';
import {
  attach,
  cancelJob,
  resumableProcessor,
  runWithState,
  taskContext,
  wake,
  type Wake,
  withState,
  type BullJob,
  type BullQueue,
  type BullWorker,
  type ResumableProcessor,
} from 'mooring/bullmq';
import { fakeJob, type FakeJob } from 'mooring/bullmq/testing';
import { farm, type Video } from './external-systems.ts';

declare const store: StateStore;
const connection = { host: '127.0.0.1', maxRetriesPerRequest: null };
const transcode = externalJob({
  submit: (video: Video) => farm.submit(video, { token: '' }),
  getStatus: (id) => farm.status(id),
  getResult: (id) => farm.output(id),
});

// The members of BullMQ that are used are there in both majors, in the worker's process and in a sandbox.
expectTypeOf<Job<Video>>().toExtend<BullJob<Video>>();
expectTypeOf<SandboxedJob<Video>>().toExtend<BullJob<Video>>();
expectTypeOf<Job5<Video>>().toExtend<BullJob<Video>>();
expectTypeOf<SandboxedJob5<Video>>().toExtend<BullJob<Video>>();
expectTypeOf<Worker>().toExtend<BullWorker>();
expectTypeOf<Worker5>().toExtend<BullWorker>();
expectTypeOf<Queue>().toExtend<BullQueue>();
expectTypeOf<Queue5>().toExtend<BullQueue>();

// The job's data flow from the external job; its result is the processor's.
const processor = resumableProcessor(store, transcode, { wait: { mode: 'release' }, clearAfterSuccess: '2h', heartbeat: '10s' });
expectTypeOf(processor).toEqualTypeOf<ResumableProcessor<BullJob<Video>, { url: string; seconds: number }>>();
new Worker<Video>('transcode', processor, { connection });
new Worker5<Video>('transcode', processor, { connection });
new Worker('transcode', processor, { connection });
new Worker5('transcode', processor, { connection });

// A processor keeps the type of its job, and says the shape of its state where it takes the context.
const own = withState(store, async (job: Job<Video>, ctx: TaskContext<{ cursor: number }>, token) => {
  expectTypeOf(token).toEqualTypeOf<string | undefined>();
  await ctx.state.set('cursor', 1);
  return job.data.source;
});
expectTypeOf(own).toEqualTypeOf<ResumableProcessor<Job<Video>, string>>();
new Worker<Video>('own', own, { connection });
new Worker5(
  'own',
  withState(store, (job: Job5<Video>, ctx) => ctx.run(transcode, job.data)),
  { connection },
);
withState(store, (job: SandboxedJob<Video>, ctx) => ctx.run(transcode, job.data), {
  scope: (job) => ({ flow: 'videos', run: job.data.source, task: 'transcode' }),
  onFinalFailure: 'cancel',
  externalJobs: [transcode],
});
// @ts-expect-error: the state's shape is held to what can be stored
withState(store, (_: Job<Video>, ctx: TaskContext<{ at: Date }>) => ctx.state.set('at', new Date()));
// @ts-expect-error: no such choice
withState(store, (job: Job<Video>) => Promise.resolve(job.id), { onFinalFailure: 'retry' });

// For frameworks that call a method.
declare const call: { job: Job<Video>; token: string | undefined; signal: AbortSignal | undefined };
expectTypeOf(runWithState(store, call, (ctx) => ctx.run(transcode, call.job.data))).resolves.toEqualTypeOf<{
  url: string;
  seconds: number;
}>();
expectTypeOf(taskContext<{ cursor: number }>()).toEqualTypeOf<TaskContext<{ cursor: number }>>();

attach(new Worker('transcode', processor, { connection }));
attach(new Worker5('transcode', processor, { connection }));
expectTypeOf(wake(new Queue('transcode', { connection }), 'token', { store })).resolves.toEqualTypeOf<Wake>();
expectTypeOf(wake(new Queue5('transcode', { connection }), 'token')).resolves.toEqualTypeOf<Wake>();
expectTypeOf(
  cancelJob(new Queue<Video>('transcode', { connection }), '1', {
    store,
    reason: 'not wanted',
    signal: new AbortController().signal,
  }),
).resolves.toEqualTypeOf<boolean>();
void cancelJob(new Queue5('transcode', { connection }), '1', {
  store,
  reason: 'not wanted',
  scope: (job: Job5<Video>) => ({ flow: 'videos', run: job.data.source, task: 'transcode' }),
});
// @ts-expect-error: whose state it is must be said
void cancelJob(new Queue('transcode', { connection }), '1', { reason: 'not wanted' });

// A fake job is one to the adapter, and is run by a processor that is typed with a job of either major.
const faked = fakeJob({ data: { source: 'a.mov' } as Video, opts: { attempts: 3 } });
expectTypeOf(faked).toEqualTypeOf<FakeJob<Video>>();
expectTypeOf(faked).toExtend<BullJob<Video>>();
expectTypeOf(faked.start(own)).resolves.toEqualTypeOf<string>();
expectTypeOf(faked.start(processor)).resolves.toEqualTypeOf<{ url: string; seconds: number }>();
expectTypeOf(faked.start(async (job: Job5<Video>) => job.data.source)).resolves.toEqualTypeOf<string>();
void faked.start(processor, { signal: new AbortController().signal });
// @ts-expect-error: the processor's job has other data
void fakeJob({ data: { url: 'x' } }).start(processor);
// @ts-expect-error: data are what most processors begin with
fakeJob({});

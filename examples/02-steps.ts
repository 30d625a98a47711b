/**
 * A processor with several steps: an upload that happens once, an external job for each chapter, and a checkpoint in a loop.
 * The first attempt fails in the middle of the loop; the second goes on where it stopped.
 *
 * Run it: `npx tsx examples/02-steps.ts`, with a Redis at REDIS_URL or on this machine.
 */
import { Queue, QueueEvents, Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { createStateStore, externalJob, type TaskContext } from 'mooring';
import { withState } from 'mooring/bullmq';
import { redisMetastore } from 'mooring/redis';
import { farm, startFarm, type Video } from './external-system.ts';

interface Course {
  title: string;
  chapters: string[];
}

const connection = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: null });
const store = createStateStore({ metastore: redisMetastore({ client: connection }) });
const theFarm = await startFarm(1);

const transcode = externalJob({
  submit: (video: Video, { idempotencyKey }) => farm.submit(video, { token: idempotencyKey }),
  idempotentFor: '24h',
  getStatus: (id) => farm.status(id),
  getResult: (id) => farm.output(id),
  pollInterval: '200ms',
});

/** Any JavaScript error, or the end of the process, would do as well. */
let failures = 1;

async function publish(course: Course, ctx: TaskContext<{ uploadId: string; cursor: number }>): Promise<number> {
  console.log(`attempt ${ctx.attempt} begins`);
  const uploadId = await ctx.state.getOrSet('uploadId', async () => {
    console.log(`uploaded ${course.title}`);
    return 'upload-1';
  });
  const videos = await Promise.all(
    course.chapters.map((chapter) => ctx.item(chapter).run(transcode, { source: chapter, preset: 'hd' })),
  );
  for (let at = (await ctx.state.get('cursor')) ?? 0; at < videos.length; at += 1) {
    if (at === 2 && failures-- > 0) throw new Error('the index is down');
    console.log(`indexed ${videos[at]} of ${uploadId}`);
    await ctx.state.set('cursor', at + 1);
  }
  return videos.length;
}

const queue = new Queue('example-02', { connection });
const events = new QueueEvents('example-02', { connection });
await events.waitUntilReady();
const processor = withState(store, (job: Job<Course>, ctx: TaskContext<{ uploadId: string; cursor: number }>) =>
  publish(job.data, ctx),
);
const worker = new Worker<Course>('example-02', processor, { connection });

const course = { title: 'knots', chapters: ['bowline', 'cleat', 'reef'] } satisfies Course;
const job = await queue.add('course', course, { attempts: 2, backoff: 200 });
console.log(`published ${await job.waitUntilFinished(events)} chapters; the farm accepted ${theFarm.accepted()} jobs`);

await worker.close();
await store.close();
await events.close();
await queue.obliterate({ force: true });
await queue.close();
connection.disconnect();
theFarm.close();

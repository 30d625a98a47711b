import type { Job } from 'bullmq';
import type { TaskContext } from 'mooring';
import { withState } from 'mooring/bullmq';
import { index, upload } from '../external-systems.ts';
import { embeddings } from './plain-external-system.ts';
import { store, transcode } from './quick-start.ts';

/** Steps, two external jobs, mapped items, a checkpoint, and a watermark that two queues share. */

export interface Course {
  id: string;
  revision: number;
  chapters: { id: string; source: string }[];
}

export async function publish(course: Course, ctx: TaskContext<{ fileId: string; cursor: number }>): Promise<number | undefined> {
  const fileId = await ctx.state.getOrSet('fileId', () => upload(course.id));
  const vectors = await ctx.run(embeddings, fileId);
  const videos = await Promise.all(
    course.chapters.map(({ id, source }) => ctx.item(id).run(transcode, { source, preset: 'hd' })),
  );
  for (let at = (await ctx.state.get('cursor')) ?? 0; at < videos.length; at += 1) {
    await index(vectors, videos[at]!);
    await ctx.state.set('cursor', at + 1);
  }
  const catalogue = ctx.asset<{ revision: number }>({ name: 'catalogue' });
  return catalogue.update('revision', (current = 0) => Math.max(current, course.revision));
}

export default withState(store, (job: Job<Course>, ctx: TaskContext<{ fileId: string; cursor: number }>) =>
  publish(job.data, ctx),
);

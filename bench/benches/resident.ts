import { fileURLToPath } from 'node:url';
import { run } from '../../scripts/command.ts';
import { S3_CREDENTIALS } from '../../test/support/s3-server.ts';
import type { Bench } from '../harness/bench.ts';
import type { Figures } from '../harness/figures.ts';
import { bytes } from '../harness/settings.ts';

const CHILD = fileURLToPath(new URL('../children/stream.ts', import.meta.url));

/** How much a process grows while it works with streams: each measurement has a process of its own. */
export const resident: Bench = {
  about: 'how much a process grows by a stream of 1 GiB, and by 60 open ones',
  async *comparisons(rig) {
    const { sizes: [size = 2 ** 30] = [], keys: open = 60, seconds = 3 } = rig.settings;
    const [redis, minio] = [await rig.redis(), await rig.minio()];
    const bucket = await minio.bucket();
    const work = {
      in: `${bytes(size)} in by setStream`,
      out: `${bytes(size)} out by getStream`,
      open: `${open} streams of ${bytes(size / 16)}, open and unread`,
    };
    for (const [kind, name] of Object.entries(work)) {
      yield {
        name,
        exact: true,
        sides: rig.builds.map(({ label, role, folder }) => ({
          label,
          role,
          measure: () =>
            grown({ kind, size, open, readAhead: seconds * 1_000, folder, redis: redis.port, endpoint: minio.endpoint, bucket }),
        })),
      };
    }
  },
};

async function grown(task: object): Promise<Figures> {
  const args = ['--import', 'tsx', CHILD, JSON.stringify({ ...task, credentials: S3_CREDENTIALS })];
  const { code, stdout, stderr } = await run(process.execPath, args);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Figures;
}

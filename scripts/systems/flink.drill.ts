/** The drill of the Flink example. FLINK_URL and FLINK_FOLDER: a cluster of `scripts/systems/flink.sh` and its folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineDrill } from 'mooring/drill';
import { flinkJob } from '../../examples/external-systems/flink.ts';

const jar = (await readFile(join(process.env['FLINK_FOLDER'] ?? '', 'jar'), 'utf8')).trim();

export default defineDrill({
  about: 'Flink 2.3.0, a session cluster',
  job: flinkJob,
  input: ({ name }) => ({ jar, entryClass: 'Drill', programArgsList: [name, '2'] }),
  async count({ name, signal }) {
    const answer = await fetch(`${process.env['FLINK_URL']}/jobs/overview`, { signal });
    const { jobs } = (await answer.json()) as { jobs: { name: string }[] };
    return jobs.filter((job) => job.name === name).length;
  },
});

/** The drill of the Ray example. RAY_URL: a cluster of `scripts/systems/ray.sh`. */
import { defineDrill } from 'mooring/drill';
import { rayJob } from '../../examples/external-systems/ray.ts';

export default defineDrill({
  about: 'Ray 2.60.0, one node',
  job: rayJob,
  input: ({ name }) => `sleep 2; echo ${name}`,
  async count({ name, signal }) {
    const answer = await fetch(`${process.env['RAY_URL']}/api/jobs/`, { signal });
    const jobs = (await answer.json()) as { entrypoint: string }[];
    return jobs.filter(({ entrypoint }) => entrypoint.endsWith(` ${name}`)).length;
  },
});

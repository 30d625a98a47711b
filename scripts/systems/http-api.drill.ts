/** The drill of the HTTP example. JOBS_URL: a batch service (`scripts/batch-service/main.ts`), with `/keyed`. */
import { defineDrill } from 'mooring/drill';
import { httpJob } from '../../examples/external-systems/http-api.ts';

const api = process.env['JOBS_URL'] ?? '';

export default defineDrill({
  about: 'an HTTP API with the header Idempotency-Key: the batch service of this repository',
  job: httpJob,
  input: ({ name }) => ({ name, command: ['/bin/sh', '-c', 'sleep 2; echo done'] }),
  async count({ name, signal }) {
    const answer = await fetch(new URL(`/submissions/${name}`, api), { signal });
    return ((await answer.json()) as { submissions: number }).submissions;
  },
});

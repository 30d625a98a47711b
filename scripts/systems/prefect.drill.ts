/** The drill of the Prefect example. PREFECT_API_URL and PREFECT_FOLDER: a server of `scripts/systems/prefect.sh` and its folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineDrill } from 'mooring/drill';
import { flowRun } from '../../examples/external-systems/prefect.ts';

const deployment = await readFile(join(process.env['PREFECT_FOLDER'] ?? '', 'deployment'), 'utf8');
const newest = JSON.stringify({ sort: 'EXPECTED_START_TIME_DESC' });

export default defineDrill({
  about: 'Prefect 3.9.1, SQLite',
  job: flowRun,
  input: ({ name }) => ({ deployment, parameters: { name, seconds: 2 } }),
  async count({ name, signal }) {
    const headers = { 'content-type': 'application/json' };
    const url = `${process.env['PREFECT_API_URL']}/flow_runs/filter`;
    const answer = await fetch(url, { method: 'POST', headers, body: newest, signal });
    if (!answer.ok) throw new Error(`Prefect answered ${answer.status}`);
    const runs = (await answer.json()) as { parameters: { name?: string } }[];
    return runs.filter(({ parameters }) => parameters.name === name).length;
  },
});

/**
 * The drill of the Airflow example. AIRFLOW_URL: a server of `scripts/systems/airflow.sh`; AIRFLOW_DAG, AIRFLOW_USER and
 * AIRFLOW_PASSWORD are `drill`.
 */
import { defineDrill } from 'mooring/drill';
import { dagRun } from '../../examples/external-systems/airflow.ts';

const airflow = process.env['AIRFLOW_URL'];

async function token(signal: AbortSignal): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ username: 'drill', password: 'drill' });
  const answer = await fetch(`${airflow}/auth/token`, { method: 'POST', headers, body, signal });
  return ((await answer.json()) as { access_token: string }).access_token;
}

export default defineDrill({
  about: 'Airflow 3.3.2, SQLite, LocalExecutor',
  job: dagRun,
  input: ({ name }) => ({ name, seconds: 2 }),
  async count({ name, signal }) {
    const headers = { authorization: `Bearer ${await token(signal)}` };
    const url = `${airflow}/api/v2/dags/drill/dagRuns?limit=100&order_by=-id`;
    const { dag_runs } = (await (await fetch(url, { headers, signal })).json()) as { dag_runs: { conf: { name: string } }[] };
    return dag_runs.filter(({ conf }) => conf.name === name).length;
  },
});

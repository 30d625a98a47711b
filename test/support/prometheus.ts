import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prometheusFolder } from '../../scripts/prometheus/binary.ts';
import { onFreePort } from '../../scripts/free-port.ts';
import { keep } from './keeper.ts';

/** A real Prometheus, which scrapes one place several times a second. It is kept as in keeper.ts. */

/** One series of an answer. */
export interface PromSeries {
  readonly metric: Readonly<Record<string, string>>;
}

/** A server. */
export interface Prometheus {
  /** What an expression gives now. @throws Error with what the server says of the expression. */
  query(expression: string): Promise<readonly PromSeries[]>;
  /** The names of the alerts that are firing. */
  firing(): Promise<string[]>;
  stop(): Promise<void>;
}

interface Reply {
  status: string;
  error?: string;
  data: { result: PromSeries[]; alerts: { labels: { alertname: string }; state: string }[] };
}

/** Starts a server with rules and something to scrape, `127.0.0.1:9464`. */
export async function startPrometheus(target: string, rules: string): Promise<Prometheus> {
  const command = join(await prometheusFolder(), 'prometheus');
  const { port, kept } = await onFreePort(async (port) => {
    const folder = await mkdtemp(join(tmpdir(), 'mooring-test-prometheus-'));
    const config = {
      global: { scrape_interval: '400ms', scrape_timeout: '400ms', evaluation_interval: '200ms' },
      rule_files: [rules],
      scrape_configs: [{ job_name: 'worker', static_configs: [{ targets: [target] }] }],
    };
    // JSON is YAML.
    await writeFile(join(folder, 'config.yaml'), JSON.stringify(config));
    const kept = await keep({
      command,
      args: [
        `--config.file=${folder}/config.yaml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      remove: folder,
      answers: async () => (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok,
    });
    return { port, kept };
  });
  const ask = async (path: string): Promise<Reply['data']> => {
    const reply = (await (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).json()) as Reply;
    if (reply.status !== 'success') throw new Error(reply.error);
    return reply.data;
  };
  return {
    query: async (expression) => (await ask(`query?query=${encodeURIComponent(expression)}`)).result,
    firing: async () => {
      const { alerts } = await ask('alerts');
      return alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
    },
    stop: kept.end,
  };
}

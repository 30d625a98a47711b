import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { run } from '../../scripts/command.ts';
import { prometheusFolder } from '../../scripts/prometheus/binary.ts';
import { systemTimer } from '../../src/async/deadline.ts';
import { NotSubmittedError, type JobStatus } from '../../src/index.ts';
import { observeGauges } from '../../src/observe/gauges.ts';
import { countEvent } from '../../src/observe/telemetry.ts';
import { fakeClock, memoryStateStore } from '../../src/testing.ts';
import { externalSystem } from '../support/external-system.ts';
import { onFreePort } from '../../scripts/free-port.ts';
import { startPrometheus, type Prometheus } from '../support/prometheus.ts';
import { testRuntime } from '../support/runtime.ts';
import { startTelemetry, type Telemetry } from '../support/telemetry.ts';
import { until } from '../support/until.ts';

/**
 * The dashboard and the alerts, against what the real SDK and its Prometheus exporter say, in a real Prometheus. No Grafana is at
 * hand, so the dashboard's shape is checked here.
 */

const folder = join(import.meta.dirname, '../../dashboards');
/** Milliseconds in which the system's package of Prometheus is fetched. */
const FIRST_TIME = 180_000;
const RULES = join(folder, 'alerts.yaml');

interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  datasource?: unknown;
  gridPos: { x: number; y: number; w: number; h: number };
  fieldConfig?: { defaults: { unit: string } };
  targets?: { refId: string; expr: string; datasource: unknown }[];
}
interface Dashboard {
  uid: string;
  schemaVersion: number;
  panels: Panel[];
  templating: { list: { name: string; type: string; definition?: string }[] };
}

let dashboard: Dashboard;
let alerts: string;
let telemetry: Telemetry;
let scrape: string;
let prometheus: Prometheus;
let stopGauges: () => void;

beforeAll(async () => {
  dashboard = JSON.parse(await readFile(join(folder, 'mooring.json'), 'utf8')) as Dashboard;
  alerts = await readFile(RULES, 'utf8');
  const target = await onFreePort(async (port) => {
    const exporter = new PrometheusExporter({ port, host: '127.0.0.1', preventServerStart: true });
    await exporter.startServer();
    telemetry = startTelemetry([exporter]);
    return `127.0.0.1:${port}`;
  });
  stopGauges = observeSomeJobs();
  await everythingHappens();
  scrape = await (await fetch(`http://${target}/metrics`)).text();
  prometheus = await startPrometheus(target, RULES);
  await until(async () => (await prometheus.query('sum_over_time(up[1m]) >= 4')).length > 0);
}, FIRST_TIME);

afterAll(async () => {
  stopGauges?.();
  await Promise.all([prometheus?.stop(), telemetry?.stop()]);
});

function observeSomeJobs(): () => void {
  const states = ['submitting', 'submitted', 'ambiguous', 'failed', 'orphan'];
  const jobs = states.map((state) => ({ flow: 'bull:transcode', state, count: 1, oldest: new Date() }));
  const source = { timer: systemTimer, every: 10_000, timeout: 5_000, flows: 100 };
  return observeGauges({ ...source, read: async () => jobs, now: () => Date.now() });
}

/** Each metric gets a point, with each value of its attributes that an alert names. */
async function everythingHappens(): Promise<void> {
  const clock = fakeClock();
  const answers = (...statuses: JobStatus[]) => ({
    name: 'transcode',
    getStatus: async (): Promise<JobStatus> => statuses.shift() ?? { state: 'succeeded' },
  });
  const task = () => testRuntime(memoryStateStore({ clock }));
  const fails = async (run: Promise<unknown>): Promise<void> => void (await run.catch(() => undefined));
  const system = externalSystem({ clock, activeLooks: 1 });
  await task().attempt((ctx) => ctx.run(system.job(answers({ state: 'unknown' })), 1));
  await fails(task().attempt((ctx) => ctx.run(system.job(answers({ state: 'failed', reason: 'bad' })), 1)));
  const found = task();
  await found.attempt((ctx) => ctx.submit(system.job({ name: 'transcode' }), 1));
  await found.attempt((ctx) => ctx.run(system.job({ name: 'transcode' }), 1));
  const forgotten = task();
  await forgotten.attempt((ctx) => ctx.submit(system.job({ name: 'transcode' }), 1));
  await fails(forgotten.attempt((ctx) => ctx.run(system.job({ ...answers({ state: 'missing' }), missingGrace: 0 }), 1)));
  for (const error of [new NotSubmittedError('busy'), new Error('hang up')]) {
    await fails(task().attempt((ctx) => ctx.run(system.job({ name: 'transcode', submit: () => Promise.reject(error) }), 1)));
  }
  const scope = { flow: 'f', run: 'r', task: 't' };
  for (const type of ['stale-write', 'missing-object', 'orphan'] as const) countEvent({ type, scope, key: 'k' });
  countEvent({ type: 'offload', bytes: 1, storedBytes: 1 });
  countEvent({ type: 'sweep', report: { entries: 1, objects: 1, bytes: 1, failed: [] } });
  const failing = observeGauges({
    read: () => Promise.reject(new Error('down')),
    now: () => Date.now(),
    timer: systemTimer,
    every: 10_000,
    timeout: 5_000,
    flows: 1,
  });
  await telemetry.points();
  failing();
}

/** The queries of the dashboard, as Grafana sends them. */
function queries(): [title: string, expression: string][] {
  const filled = (expr: string): string =>
    expr
      .replaceAll('$__rate_interval', '1m')
      .replaceAll('$__range', '1h')
      .replaceAll(/\$(?:flow|job)\b/g, '.*');
  return dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => [title, filled(expr)] as [string, string]),
  );
}

/** Names and labels of ours that a text speaks of and that the scrape does not have; so do values that a label must be equal to. */
function unknownWords(text: string): string[] {
  const words = [...text.matchAll(/\b(?:mooring_\w+|error_type)\b/g)].map(([word]) => word);
  const values = [...text.matchAll(/\b(mooring_\w+|error_type)=(~?)"([\w|-]+)"/g)].flatMap(([, label, , all]) =>
    (all as string).split('|').map((value) => `${label}="${value}"`),
  );
  return [...new Set([...words, ...values])].filter((word) => !new RegExp(`(?:^|[\\n{,])${word}(?:[{=, }]|$)`).test(scrape));
}

describe('the dashboard', () => {
  test('speaks of names and labels that the exporter gives', () => {
    expect(unknownWords(queries().flat().join('\n'))).toEqual([]);
  });

  test('has queries that a real Prometheus answers with series', async () => {
    const empty: string[] = [];
    for (const [title, expression] of queries()) if ((await prometheus.query(expression)).length === 0) empty.push(title);

    expect(queries().length).toBeGreaterThan(10);
    expect(empty).toEqual([]);
  });

  test('groups by labels that the series have', async () => {
    for (const [title, expression] of queries()) {
      const [, by = ''] = /\bby \(([^)]*)\)/.exec(expression) ?? [];
      const labels = by.split(', ').filter((label) => label !== '' && label !== 'le');
      const seen = new Set((await prometheus.query(expression)).flatMap(({ metric }) => Object.keys(metric)));
      expect({ title, missing: labels.filter((label) => !seen.has(label) && !expression.startsWith('sum(max')) }).toEqual({
        title,
        missing: [],
      });
    }
  });

  test('has variables that are asked of metrics that exist', () => {
    const definitions = dashboard.templating.list.map(({ definition }) => definition ?? '').join('\n');

    expect(unknownWords(definitions)).toEqual([]);
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'flow', 'job']);
  });

  test('has the shape that Grafana imports: own IDs, no two panels in one place, one data source', () => {
    const { panels, uid, schemaVersion } = dashboard;
    const ids = panels.map(({ id }) => id);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_none, at) => `${x + (at % w)} ${y + Math.floor(at / w)}`),
    );
    const sources = panels.flatMap(({ datasource, targets = [] }) => [datasource, ...targets.map((one) => one.datasource)]);

    expect({ uid, schemaVersion }).toEqual({ uid: 'mooring', schemaVersion: 39 });
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
    expect(new Set(sources.filter(Boolean).map((one) => JSON.stringify(one)))).toEqual(
      new Set([JSON.stringify({ type: 'prometheus', uid: '${datasource}' })]),
    );
    for (const { type, description, fieldConfig, targets = [] } of panels.filter((one) => one.type !== 'row')) {
      expect(['stat', 'timeseries']).toContain(type);
      expect(description).toBeTruthy();
      expect(fieldConfig?.defaults.unit).toBeTruthy();
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    }
  });
});

describe('the alerts', () => {
  test('are rules that promtool accepts', async () => {
    const { code, stdout, stderr } = await run(join(await prometheusFolder(), 'promtool'), ['check', 'rules', RULES]);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('SUCCESS');
  });

  test('fire only when they should', async () => {
    const tests = join(import.meta.dirname, '../fixtures/alerts.yaml');

    const { code, stdout, stderr } = await run(join(await prometheusFolder(), 'promtool'), ['test', 'rules', tests]);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('SUCCESS');
  });

  test('each have a test that sees them fire', async () => {
    const tests = await readFile(join(import.meta.dirname, '../fixtures/alerts.yaml'), 'utf8');

    const fired = [...tests.matchAll(/alertname: (\w+)\n +exp_alerts/g)].map(([, name]) => name);

    expect(new Set(fired)).toEqual(new Set([...alerts.matchAll(/alert: (\w+)/g)].map(([, name]) => name)));
  });

  test('speak of names, labels and values that the exporter gives', () => {
    expect(unknownWords(alerts.replaceAll(/^ *#.*$/gm, ''))).toEqual([]);
  });

  test('on an ambiguous job fires in a real Prometheus', async () => {
    await until(async () => (await prometheus.firing()).includes('MooringAmbiguousSubmit'));
  });
});

test('planted: a name, a label and a value that the exporter does not give', () => {
  const text = 'mooring_job_age{mooring_queue="x"} + mooring_job_count{mooring_job_state=~"ambiguous|lost"}';

  expect(unknownWords(text)).toEqual(['mooring_job_age', 'mooring_queue', 'mooring_queue="x"', 'mooring_job_state="lost"']);
});

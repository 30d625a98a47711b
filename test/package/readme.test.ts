import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { transformSync } from '@swc/core';
import { createServer, type IncomingMessage } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ExternalJob } from 'mooring';
import type { TestTask } from 'mooring/testing';
import { createConsumer, root, type Consumer } from './consumer.ts';
import { modulesOf, type Page } from './pages.ts';

/** The README: short, in the order in which a stranger reads, and with an external job that works when it is copied. */

let page: Page;

beforeAll(async () => {
  page = { path: 'README.md', text: await readFile(join(root, 'README.md'), 'utf8') };
});

test('it has at most 250 lines', () => {
  expect(page.text.split('\n').length - 1).toBeLessThanOrEqual(250);
});

test('the first program fits the first screen, with its imports', () => {
  const program = /```ts\n([^]*?)```/.exec(page.text)?.[1] ?? '';

  const lines = program.trimEnd().split('\n').length;

  expect(lines).toBeGreaterThanOrEqual(18);
  expect(lines).toBeLessThanOrEqual(22);
  expect(program).not.toContain('…');
});

test('after the first screen a table of contents names every heading', () => {
  const headings = [...page.text.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);

  const contents = page.text.slice(page.text.indexOf('**Contents:**'), page.text.indexOf('\n## '));

  expect(page.text.indexOf('**Contents:**')).toBeGreaterThan(page.text.indexOf('new Worker('));
  expect([...contents.matchAll(/\[(.+?)\]\(#/g)].map(([, name = '']) => name)).toEqual(headings);
});

/** Packing and installing the package: long on a slow machine. */
const INSTALL_TIMEOUT = 300_000;

describe('the external job', () => {
  let consumer: Consumer;
  let service: Service;
  let report: ExternalJob<{ month: string }, string, { rows: number }>;
  let newTask: () => TestTask;

  beforeAll(async () => {
    [consumer, service] = await Promise.all([createConsumer(), startService()]);
    const { fakeClock, memoryStateStore, testTask } = await import('mooring/testing');
    newTask = () => testTask(memoryStateStore({ clock: fakeClock() }));
    process.env['REPORT_API'] = service.url;
    const { code } = transformSync(modulesOf(page).get('report.ts') ?? '', {
      jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
      module: { type: 'es6' },
    });
    const file = await consumer.write('report.mjs', code);
    ({ report } = (await import(pathToFileURL(file).href)) as { report: typeof report });
  }, INSTALL_TIMEOUT);

  afterAll(async () => {
    delete process.env['REPORT_API'];
    await service?.close();
    await consumer?.remove();
  });

  test('returns the result of a job that was submitted again after a 429', async () => {
    service.reset({ submit: [429, 200], status: [200] });
    const task = newTask();

    const result = await task.attempt((ctx) => ctx.run(report, { month: '2026-11' }));

    expect(result).toEqual({ rows: 42 });
    expect(service.keys).toEqual([service.keys[0], service.keys[0]]);
  });

  test('fails for good after a 400', async () => {
    service.reset({ submit: [400], status: [] });
    const task = newTask();

    await expect(task.attempt((ctx) => ctx.run(report, { month: 'x' }))).rejects.toMatchObject({
      code: 'mooring.not-submitted',
      retryable: false,
    });
  });

  test('repeats the key of a submit that a 500 left open', async () => {
    service.reset({ submit: [500, 200], status: [200] });
    const task = newTask();

    await task.attempt((ctx) => ctx.run(report, { month: '2026-11' }));

    expect(service.keys).toEqual([service.keys[0], service.keys[0]]);
  });

  test('takes a 404 for a missing job, also after a status of 500', async () => {
    service.reset({ submit: [200], status: [500, 404] });
    const task = newTask();

    await expect(task.attempt((ctx) => ctx.run(report, { month: '2026-11' }))).rejects.toMatchObject({
      code: 'mooring.external-job-missing',
    });
  });

  test('cancels the job when a person asks for it', async () => {
    service.reset({ submit: [200], status: [] });
    const task = newTask();
    const person = new AbortController();
    service.onStatus = () => person.abort(new Error('not needed any more'));

    await expect(task.attempt((ctx) => ctx.run(report, { month: '2026-11' }), { signal: person.signal })).rejects.toThrow();

    expect(service.cancelled).toEqual(['/jobs/report-1']);
  });
});

/** Status codes, one for each call; the last one stays. */
interface Answers {
  submit: number[];
  status: number[];
}

/** The service of the README's external job. */
interface Service {
  readonly url: string;
  readonly keys: string[];
  readonly cancelled: string[];
  onStatus: () => void;
  /** Forgets what it was asked, and answers like this from now on. */
  reset(answers: Answers): void;
  close(): Promise<void>;
}

async function startService(): Promise<Service> {
  let answers: Answers = { submit: [], status: [] };
  let polls = 0;
  const next = (codes: number[]): number => (codes.length > 1 ? codes.shift() : codes[0]) ?? 200;
  const reply = ({ method, url = '', headers }: IncomingMessage): [number, object] => {
    if (method === 'POST') {
      service.keys.push(String(headers['idempotency-key']));
      return [next(answers.submit), { id: 'report-1' }];
    }
    if (method === 'DELETE') {
      service.cancelled.push(url);
      return [200, {}];
    }
    if (url.endsWith('/result')) return [200, { rows: 42 }];
    service.onStatus();
    polls += 1;
    return [next(answers.status), polls < 3 ? { state: 'running', percent: 50 } : { state: 'done', percent: 100 }];
  };
  const server = createServer((request, response) => {
    const [status, body] = reply(request);
    request.resume();
    response.writeHead(status).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const service: Service = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keys: [],
    cancelled: [],
    onStatus: () => undefined,
    reset(to) {
      answers = to;
      polls = 0;
      service.keys.length = 0;
      service.cancelled.length = 0;
      service.onStatus = () => undefined;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return service;
}

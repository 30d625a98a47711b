import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Status } from '../../scripts/batch-service/job.ts';
import type { BatchClient } from '../../scripts/batch-service/client.ts';
import { isAlive } from '../support/alive.ts';
import { startTestBatchService, type TestBatchService } from '../support/batch-service.ts';
import { until } from '../support/until.ts';

/** The external system of the demo and of the crash tests has to be what they say it is, or they prove nothing. */

const WAIT = 'while [ ! -e "$1" ]; do sleep 0.02; done; ';
let service: TestBatchService;
let folder: string;
/** A command that waits until this file is there. */
let gate: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mooring-gate-'));
  gate = join(folder, 'open');
  service = await startTestBatchService();
});

afterEach(async () => {
  await service.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

function shell(script: string): string[] {
  return ['/bin/sh', '-c', script, 'shell', gate];
}

async function end(batch: BatchClient, id: string): Promise<Status | undefined> {
  let status: Status | undefined;
  await until(async () => {
    status = await batch.status(id);
    return status?.state !== 'queued' && status?.state !== 'running';
  });
  return status;
}

test('tells the progress, the end and the output of a real command', async () => {
  const batch = service.client('plain');

  const id = await batch.submit({ name: 'a', command: shell('echo 0.5 > "$BATCH_PROGRESS"; ' + WAIT + 'echo $((6 * 7))') });
  await until(async () => (await batch.status(id))?.progress === 0.5);
  const during = await batch.status(id);
  await writeFile(gate, '');

  expect(during).toEqual({ state: 'running', progress: 0.5 });
  expect(await end(batch, id)).toEqual({ state: 'succeeded', progress: 1 });
  expect(await batch.output(id)).toBe('42\n');
});

test('cancels a command with what it started', async () => {
  const batch = service.client('plain');
  const id = await batch.submit({ name: 'a', command: shell('sleep 60 & echo $!; wait') });
  await until(async () => (await batch.output(id)) !== '');
  const child = Number(await batch.output(id));

  await batch.cancel(id);

  expect(await batch.status(id)).toMatchObject({ state: 'cancelled' });
  await until(() => !isAlive(child));
});

test('tells why a command failed', async () => {
  const batch = service.client('plain');

  const id = await batch.submit({ name: 'a', command: shell('echo broken >&2; exit 3') });

  expect(await end(batch, id)).toMatchObject({ state: 'failed', reason: 'exit code 3: broken' });
});

test('keyed: knows a token again, also for two requests at once', async () => {
  const batch = service.client('keyed');
  const job = { name: 'a', token: 'token-1', command: shell('echo once') };

  const ids = await Promise.all([batch.submit(job), batch.submit(job)]);
  const later = await batch.submit(job);

  expect(new Set([...ids, later]).size).toBe(1);
  expect(await service.submissions('a')).toBe(1);
});

test('keyed: knows the token that the header Idempotency-Key brings', async () => {
  const headers = { 'idempotency-key': 'token-1' };
  const request = { method: 'POST', headers, body: JSON.stringify({ name: 'a', command: shell('echo once') }) };

  const first = await fetch(`${service.url}/keyed/jobs`, request);
  const second = await fetch(`${service.url}/keyed/jobs`, request);

  expect([first.status, second.status]).toEqual([201, 200]);
  expect(await second.json()).toEqual(await first.json());
  expect(await service.submissions('a')).toBe(1);
});

test('findable: finds the newest of several jobs for one token', async () => {
  const batch = service.client('findable');
  const job = { name: 'a', token: 'token-1', command: shell('echo once') };

  const first = await batch.submit(job);
  const found = await batch.find('token-1');
  const second = await batch.submit(job);

  expect(found).toBe(first);
  expect(second).not.toBe(first);
  expect(await batch.find('token-1')).toBe(second);
});

test('findable: hides a job from those who search until its lag is over', async () => {
  const slow = await startTestBatchService({ findLag: 60_000 });
  try {
    await slow.client('findable').submit({ name: 'a', token: 'token-1', command: shell('true') });

    expect(await slow.client('findable').find('token-1')).toBeUndefined();
  } finally {
    await slow.close();
  }
});

test('plain: starts a job for every request', async () => {
  const batch = service.client('plain');
  const job = { name: 'a', token: 'token-1', command: shell('true') };

  await batch.submit(job);
  await batch.submit(job);

  expect(await service.submissions('a')).toBe(2);
  await expect(batch.find('token-1')).rejects.toThrow('cannot be searched');
});

test('does not know a job of another kind', async () => {
  const id = await service.client('plain').submit({ name: 'a', command: shell('true') });

  expect(await service.client('keyed').status(id)).toBeUndefined();
});

test('jobs outlive the service, which finds them, their tokens and their results again', async () => {
  const job = { name: 'a', token: 'token-1', command: shell(WAIT + 'echo survived') };
  const id = await service.client('keyed').submit(job);

  await service.restart();
  await writeFile(gate, '');

  const batch = service.client('keyed');

  expect(await batch.submit(job)).toBe(id);
  expect(await end(batch, id)).toMatchObject({ state: 'succeeded' });
  expect(await batch.output(id)).toBe('survived\n');
  expect(await service.submissions('a')).toBe(1);
});

test('accepts a request late that it held until its caller was gone', async () => {
  await service.fault('a', { hold: 'request', afterwards: 'accept' });
  const caller = new AbortController();

  const submitted = service.client('plain').submit({ name: 'a', command: shell('true') }, caller.signal);
  submitted.catch(() => {});
  await until(() => service.events.some((event) => event.event === 'held'));
  const before = await service.submissions('a');
  caller.abort();

  await expect(submitted).rejects.toThrow();
  expect(before).toBe(0);
  await until(async () => (await service.submissions('a')) === 1);
});

test('holds a reply after the job was accepted', async () => {
  await service.fault('a', { hold: 'reply' });
  const caller = new AbortController();

  const submitted = service.client('plain').submit({ name: 'a', command: shell('true') }, caller.signal);
  submitted.catch(() => {});
  await until(() => service.events.some((event) => event.event === 'held'));

  expect(await service.submissions('a')).toBe(1);
  caller.abort();
  await expect(submitted).rejects.toThrow();
});

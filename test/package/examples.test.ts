import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBuilt } from '../../scripts/build.ts';
import { startRedis, type RedisServer } from '../../scripts/redis/server.ts';
import { startTemporal, type TemporalProcess } from '../../scripts/temporal/server.ts';
import { root } from './consumer.ts';

/**
 * Each example, run as a reader runs it: in its own process, against the built package, a real Redis and a real Temporal server.
 */

const SAYS: Record<string, readonly (string | RegExp)[]> = {
  '01-reconnect.ts': [
    /^farm: accepted holiday as job-1\nworker 1: killed\nworker 2: /m,
    'worker 2: https://farm.example/holiday.hd.mp4',
    'the farm accepted 1 job',
  ],
  '02-steps.ts': [
    'attempt 1 begins',
    'uploaded knots',
    'farm: accepted reef as job-3',
    'indexed https://farm.example/cleat.hd.mp4 of upload-1',
    'attempt 2 begins',
    'indexed https://farm.example/reef.hd.mp4 of upload-1',
    'published 3 chapters; the farm accepted 3 jobs',
  ],
  '03-release.ts': [/^job \d: gave its slot back$/m, 'the farm accepted 3 jobs, and they ran at the same time'],
  '04-shared-asset.ts': ['the catalogue is at revision 18, written by a job of bull:example-04-'],
  '05-sandboxed.ts': ['the result is https://farm.example/harbour.hd.mp4; the farm accepted 1 job'],
  '06-encryption.ts': [
    'the folder holds the IBAN: false',
    'after the rotation: Ada, DE02 1203 0000 0000 2020 51, 3600000 bytes of payslips',
    'without the old key: mooring.corrupt-entry, there is no key 2025',
    'written anew: DE02 1203 0000 0000 2020 51',
  ],
  '07-sweep-scheduler.ts': [
    'the sweep removed 1 entry that had expired, and 0 objects: its own goes a day later',
    '2 objects are there; total is 120',
    'the next sweep begins within 1 hour',
  ],
  '08-both-runtimes.ts': [
    'BullMQ: https://farm.example/harbour.hd.mp4',
    'Temporal: https://farm.example/lighthouse.hd.mp4',
    'the farm accepted 2 jobs, for two runtimes and four attempts',
  ],
  '09-callbacks.ts': [
    /^job \d: gave its slot back for an hour\nthe farm called back: promoted$/m,
    'https://farm.example/north.sd.mp4\ndone, long before the next poll',
  ],
  '10-pino.ts': [
    '"idempotencyKey":"[Redacted]","title":"Video job-1","url":"https://farm.example/jobs/job-1"',
    '"err":{"name":"Error","message":"the farm answered 503"}',
    /Z mooring: the external ID is recorded .* url=https:\/\/farm\.example\/jobs\/job-1$/m,
    /^(?![^]*s3cret)/,
  ],
  '11-opentelemetry.ts': [
    /^mooring_job_count\{mooring_flow="bull:example-11",mooring_job_state="submitted",.*\} 1$/m,
    /^mooring_submits_total\{.*\} 1\nmooring_reconnects_total\{.*\} 1$/m,
    'mooring.wait https://farm.example/jobs/job-1 linked to mooring.submit',
  ],
};

let redis: RedisServer;
let temporal: TemporalProcess;

beforeAll(async () => {
  await ensureBuilt();
  [redis, temporal] = await Promise.all([startRedis(), startTemporal()]);
});

afterAll(async () => {
  await Promise.all([redis?.stop(), temporal?.stop()]);
});

/** Runs an example to its end; one that does not end is killed. */
function run(file: string): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const env = { ...process.env, REDIS_URL: `redis://127.0.0.1:${redis.port}`, TEMPORAL_ADDRESS: temporal.address };
  const options = { cwd: root, env, timeout: 300_000, killSignal: 'SIGKILL' } as const;
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', join('examples', file)], options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.code ?? error.signal), stdout, stderr }),
    );
  });
}

test.each(Object.entries(SAYS))('%s', async (file, lines) => {
  const { code, stdout, stderr } = await run(file);

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const line of lines) expect(stdout).toMatch(line);
  const steps = stdout.match(/uploaded|indexed \S+/g) ?? [];
  expect(new Set(steps).size).toBe(steps.length);
});

test('no example is left out', async () => {
  const files = await readdir(join(root, 'examples'));

  const stories = files.filter((file) => /^\d\d-.*\.ts$/.test(file) && !/-(processor|workflow)\.ts$/.test(file));

  expect(stories).toEqual(Object.keys(SAYS));
});

import { describe, expect, test } from '@jest/globals';
import { runCommand } from '../../../support/command.ts';

/** The rules of `mooring lifecycle`. That a server takes those of S3 is shown in `test/integration`. */

const env = { MOORING_PATH: 's3://reports@bucket/state/', MOORING_NAMESPACE: 'prod' };

describe('mooring lifecycle s3', () => {
  const cleanUp = {
    ID: 'mooring prod: clean up',
    Status: 'Enabled',
    Filter: { Prefix: 'state/prod/' },
    Expiration: { ExpiredObjectDeleteMarker: true },
    NoncurrentVersionExpiration: { NoncurrentDays: 7 },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
  };

  test('prints rules that delete no value', async () => {
    const { code, stdout, stderr } = await runCommand(['lifecycle', 's3'], { env });

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ Rules: [cleanUp] });
    expect(stderr).toContain('put-bucket-lifecycle-configuration --bucket bucket ');
    expect(stderr).toContain('replaces all rules');
  });

  test('deletes by age in the flows that are named, later than a value of theirs can end', async () => {
    const flags = ['--longest-retention', '30d', '--flow', 'bull:transcode', '--flow', 'assets', '--flow', 'assets'];

    const { stdout, stderr } = await runCommand(['lifecycle', 's3', ...flags], { env });

    expect(JSON.parse(stdout)).toEqual({
      Rules: [
        cleanUp,
        ...['bull%3Atranscode', '%61ssets'].map((flow) => ({
          ID: `mooring prod: expire ${flow}`,
          Status: 'Enabled',
          Filter: { Prefix: `state/prod/${flow}/` },
          Expiration: { Days: 39 },
        })),
      ],
    });
    expect(stderr).toContain('after 39 days');
  });

  test.each([
    ['counts a part of a day as a day', '961h', 50],
    ['I4 keeps results of external jobs, which stay for 30 days in any flow', '1d', 39],
  ])('%s', async (_what, longest, days) => {
    const { stdout } = await runCommand(['lifecycle', 's3', '--longest-retention', longest, '--flow', 'a'], { env });

    expect(JSON.parse(stdout)).toMatchObject({ Rules: [{}, { Expiration: { Days: days } }] });
  });

  test('gives each rule its own ID, within the length that S3 takes, however long the flows are', async () => {
    const long = 'f'.repeat(199);
    const flags = ['--longest-retention', '30d', '--flow', `${long}1`, '--flow', `${long}2`];

    const { stdout } = await runCommand(['lifecycle', 's3', ...flags], { env: { ...env, MOORING_NAMESPACE: 'n'.repeat(64) } });

    const ids = (JSON.parse(stdout) as { Rules: { ID: string }[] }).Rules.map(({ ID }) => ID);

    expect(new Set(ids).size).toBe(3);
    expect(Math.max(...ids.map((id) => id.length))).toBe(255);
  });

  test.each([
    ['s3', ['--flow', 'a', '--longest-retention', '30d'], true],
    ['s3', [], false],
    ['gcs', ['--path', 'gs://bucket/'], true],
  ])('rules of %s %j say that a recover needs them gone, where they delete values', async (kind, flags, said) => {
    const { stderr } = await runCommand(['lifecycle', kind, ...flags], { env });

    expect(stderr.includes('Take these rules away before mooring recover --apply')).toBe(said);
  });

  test.each([
    [
      'a retention without a flow: what is kept forever would go',
      ['--longest-retention', '30d'],
      /kept forever, as state of assets is/,
    ],
    ['a flow without a retention', ['--flow', 'a'], /--flow needs --longest-retention/],
    ['no retention', ['--flow', 'a', '--longest-retention', 'forever'], /must be a length of time/],
    ['a path of the other kind', ['--path', 'gs://bucket/'], /--path is no path of s3/],
    ['a path that is none', ['--path', 'bucket'], /--path must be s3:/],
    ['a namespace that is none', ['--namespace', 'a/b'], /--namespace must be/],
  ])('refuses %s', async (_what, flags, said) => {
    const { code, stdout, stderr } = await runCommand(['lifecycle', 's3', ...flags], { env });

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(said);
  });

  test('without a path is for the root of a bucket', async () => {
    const { stdout, stderr } = await runCommand(['lifecycle', 's3']);

    expect(JSON.parse(stdout)).toMatchObject({ Rules: [{ Filter: { Prefix: 'default/' } }] });
    expect(stderr).toContain('--bucket BUCKET ');
  });
});

describe('mooring lifecycle gcs', () => {
  test('prints rules by the time that each object carries', async () => {
    const { code, stdout, stderr } = await runCommand(['lifecycle', 'gcs', '--path', 'gs://archive@bucket/state/'], { env });

    expect(code).toBe(0);
    const matchesPrefix = ['state/prod/'];
    expect(JSON.parse(stdout)).toEqual({
      lifecycle: {
        rule: [
          { action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: 2, matchesPrefix } },
          { action: { type: 'Delete' }, condition: { daysSinceCustomTime: 8, matchesPrefix } },
          { action: { type: 'Delete' }, condition: { daysSinceNoncurrentTime: 7, isLive: false, matchesPrefix } },
        ],
      },
    });
    expect(stderr).toContain('gs://bucket --lifecycle-file=rules.json');
    expect(stderr).toContain('--clear-soft-delete');
  });

  test('is JSON of one line with --json', async () => {
    const { stdout, stderr } = await runCommand(['lifecycle', 'gcs', '--json']);

    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout)).toHaveProperty('lifecycle.rule');
    expect(stderr).toBe('');
  });

  test('needs no retention', async () => {
    const { code, stderr } = await runCommand(['lifecycle', 'gcs', '--longest-retention', '30d']);

    expect(code).toBe(2);
    expect(stderr).toContain('each object carries the time');
  });
});

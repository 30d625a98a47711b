import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { inspect } from 'node:util';
import { ConfigError } from '../../../src/model/errors/store.ts';
import { identityOf, parseLocation } from '../../../src/config/location.ts';

const bucket = (kind: 's3' | 'gs', name: string, prefix: string, connection?: string) => ({
  kind,
  connection,
  bucket: name,
  prefix,
});

describe('a path', () => {
  it.each([
    ['s3://reports@bucket/job-state/', bucket('s3', 'bucket', 'job-state/', 'reports')],
    ['s3://bucket/job-state', bucket('s3', 'bucket', 'job-state/')],
    ['s3://bucket', bucket('s3', 'bucket', '')],
    ['s3://bucket/', bucket('s3', 'bucket', '')],
    ['s3://bucket//', bucket('s3', 'bucket', '')],
    ['s3://my-Reports_2@my.bucket-1/a/b.c~d/e%20f/dt=1/', bucket('s3', 'my.bucket-1', 'a/b.c~d/e%20f/dt=1/', 'my-Reports_2')],
    ['gs://archive@bucket_2/state/', bucket('gs', 'bucket_2', 'state/', 'archive')],
    ['gs://bucket', bucket('gs', 'bucket', '')],
    ['file:///srv/state/', { kind: 'file', directory: '/srv/state' }],
    ['file:///srv/my%20state', { kind: 'file', directory: '/srv/my state' }],
    [`s3://bucket/${'p'.repeat(123)}/`, bucket('s3', 'bucket', `${'p'.repeat(123)}/`)],
  ])('%s is read', (url, location) => {
    expect(parseLocation('path', url)).toEqual(location);
  });

  it.each([
    ['that is none', '', /must be s3:\/\//],
    ['without a scheme', '/srv/state', /must be s3:\/\//],
    ['of another scheme', 'https://bucket.s3.amazonaws.com/state/', /must be s3:\/\//],
    ['that is no text', 7, /must be s3:\/\//],
    ['with a query', 's3://bucket/state/?region=eu', /query/],
    ['with a fragment', 's3://bucket/state/#1', /fragment/],
    ['with a port', 's3://bucket:9000/state/', /neither credentials nor a port/],
    ['with two @', 's3://a@b@bucket/', /neither credentials nor a port/],
    ['with an empty connection', 's3://@bucket/', /ID of a connection/],
    ['without a bucket', 's3:///state/', /bucket/],
    ['with a bucket that is none', 's3://buck et/', /bucket/],
    ['with .. in the prefix', 's3://bucket/a/../b/', /prefix/],
    ['with . in the prefix', 's3://bucket/./b/', /prefix/],
    ['with an empty segment', 's3://bucket/a//b/', /prefix/],
    ['with an empty segment at the end', 's3://bucket/a//', /prefix/],
    ['with an empty segment at the beginning', 's3://bucket//a', /prefix/],
    ['with a prefix of other characters', 's3://bucket/größe/', /prefix/],
    ['with a % that encodes nothing', 's3://bucket/50%/', /prefix/],
    ['with a prefix that is too long', `s3://bucket/${'p'.repeat(124)}/`, /at most 124/],
    ['of a folder that is not whole', 'file://srv/state', /whole path/],
    ['of a folder on another machine', 'file://host/srv', /whole path/],
    ['of a folder with an encoded /', 'file:///srv%2Fstate', /whole path/],
    ['of a folder with a query', 'file:///srv?a=1', /query/],
  ])('%s is refused', (_what, url, rule) => {
    const refused = expect.objectContaining({ code: 'mooring.config', option: 'path', message: expect.stringMatching(rule) });

    expect(thrown(() => parseLocation('path', url))).toEqual(refused);
  });

  it.each([
    's3://AKIAIOSFODNN7:wJalrXUtnFEMI@bucket/state/',
    's3://AKIAIOSFODNN7:wJalr/XUtnFEMI@bucket/state/',
    's3://AKIAIOSFODNN7:wJalr+XUtnFEMI#@bucket/',
    's3://wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYAKIAIOSFODNN7@bucket/',
    'gs://user:wJalrXUtnFEMI@bucket/',
    'file://user:wJalrXUtnFEMI@host/srv',
    'file:///%ZZ/wJalrXUtnFEMI',
    'http://AKIAIOSFODNN7:wJalrXUtnFEMI@host/bucket',
    's3://bucket/state/wJalr@XUtnFEMI/',
  ])('with credentials is refused without showing them: %s', (url) => {
    const error = thrown(() => parseLocation('path', url));

    const shown = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error) + String(error);

    expect(error).toBeInstanceOf(ConfigError);
    expect(shown).not.toMatch(/wJalr|XUtnFEMI|AKIAIOSFODNN7/);
  });

  it('of any characters is read, or refused without a word of it', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('@', ':', '/', '?', '#', '%', '..', 'bucket'));
    const url = fc.tuple(fc.constantFrom('s3://', 'gs://', 'file://', 's3:', ''), fc.array(text)).map(([a, b]) => a + b.join(''));

    fc.assert(
      fc.property(url, (given) => {
        try {
          const read = parseLocation('path', given);
          if (read.kind !== 'file') expect(`${read.prefix}x`).toMatch(/^(?:(?:[A-Za-z0-9_.~=-]|%[0-9A-F]{2})+\/)*x$/);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
      }),
    );
  });

  it('is the same only as one that leads to the same place', () => {
    const identities = [
      's3://b-1/p',
      's3://b-1/p/',
      's3://a@b-1/p',
      's3://A@b-1/p',
      'gs://b-1/p',
      's3://b-1/',
      'file:///b-1/p',
    ].map((url) => identityOf(parseLocation('path', url)));

    expect(new Set(identities).size).toBe(5);
    expect(identities[0]).toBe(identities[1]);
    expect(identities[2]).toBe(identities[3]);
  });
});

function thrown(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

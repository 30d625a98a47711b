import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { inspect } from 'node:util';
import { ConfigError } from '../../../src/model/errors/store.ts';
import { parseRedis, publicAddress } from '../../../src/config/redis-address.ts';

const plain = { cluster: false, tls: false, host: 'localhost', port: 6379, db: 0, username: undefined, password: undefined };

describe('the address of a Redis', () => {
  it.each([
    ['redis://localhost', plain],
    ['redis://localhost:7000/3', { ...plain, port: 7000, db: 3 }],
    ['redis://:p%40ss%2Fword@cache/', { ...plain, host: 'cache', password: 'p@ss/word' }],
    [
      'redis://worker:secret@cache:6380/1',
      { ...plain, host: 'cache', port: 6380, db: 1, username: 'worker', password: 'secret' },
    ],
    ['redis://worker@cache', { ...plain, host: 'cache', username: 'worker' }],
    ['rediss://cache.example', { ...plain, host: 'cache.example', tls: true }],
    ['redis://[::1]:6379/0', { ...plain, host: '::1' }],
    ['redis+cluster://node-1:7000', { ...plain, host: 'node-1', port: 7000, cluster: true }],
    ['rediss+cluster://node-1', { ...plain, host: 'node-1', cluster: true, tls: true }],
  ])('%s is read', (address, expected) => {
    expect(parseRedis('redis', address)).toEqual(expected);
  });

  it.each([
    ['that is none', '', /must be redis:\/\//],
    ['without a scheme', 'localhost:6379', /must be redis:\/\//],
    ['of another scheme', 'http://localhost', /must be redis:\/\//],
    ['that is no text', undefined, /must be redis:\/\//],
    ['without a host', 'redis:///0', /host/],
    ['with a query', 'redis://localhost?family=6', /query/],
    ['with more than a database behind the host', 'redis://localhost/0/1', /nothing behind the host/],
    ['with a database that is no number', 'redis://localhost/state', /nothing behind the host/],
    ['of a Cluster with a database', 'redis+cluster://localhost/1', /a Cluster has one only/],
  ])('%s is refused', (_what, address, rule) => {
    const refused = expect.objectContaining({ code: 'mooring.config', option: 'redis', message: expect.stringMatching(rule) });

    expect(thrown(() => parseRedis('redis', address))).toEqual(refused);
  });

  it.each(['redis://:hunter2@', 'redis://:hun%ZZter2@cache', 'redis://:hunter2/x@cache', 'redis://:hunter2@cache?x', 'hunter2'])(
    'is refused without a word of its password: %s',
    (address) => {
      const error = thrown(() => parseRedis('redis', address));

      expect(error).toBeInstanceOf(ConfigError);
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2');
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hun%ZZter2');
    },
  );

  it('can be given on without user and password', () => {
    const credentials = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(credentials, fc.constantFrom('redis', 'rediss', 'redis+cluster', 'rediss+cluster'), (password, scheme) => {
        const address = parseRedis('redis', `${scheme}://u:${encodeURIComponent(password)}@[::1]:7000`);

        expect(address.password).toBe(password);
        expect(parseRedis('redis', publicAddress(address))).toEqual({ ...address, username: undefined, password: undefined });
      }),
    );
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

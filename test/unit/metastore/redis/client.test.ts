import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { gatherWrites, type RedisClient } from '../../../../src/metastore/redis/client.ts';

/** A socket that keeps what reaches the system, by write. */
function socket(): Writable & { writes: string[] } {
  const writes: string[] = [];
  const writable = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      writes.push(chunk);
      done();
    },
    writev(chunks, done) {
      writes.push(chunks.map(({ chunk }) => chunk as string).join(''));
      done();
    },
  });
  return Object.assign(writable, { writes });
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('commands of one turn go out in one write', async () => {
  const stream = socket();
  const gather = gatherWrites({ stream } as unknown as RedisClient);
  const send = (command: string): void => {
    gather();
    stream.write(command);
  };

  send('a');
  void Promise.resolve().then(() => send('b'));
  await turn();
  send('c');
  send('d');
  await turn();

  expect(stream.writes).toEqual(['ab', 'cd']);
});

test('a socket that was replaced in between holds nothing back', async () => {
  const [before, after] = [socket(), socket()];
  const client = { stream: before };
  const gather = gatherWrites(client as unknown as RedisClient);

  gather();
  before.write('a');
  client.stream = after;
  after.write('b');
  await turn();

  expect([before.writes, after.writes]).toEqual([['a'], ['b']]);
});

test('the sockets of all masters of a cluster are gathered', async () => {
  const [one, other] = [socket(), socket()];
  const nodes = [one, other].map((stream) => ({ stream }));
  const gather = gatherWrites({ nodes: () => nodes } as unknown as RedisClient);

  gather();
  for (const stream of [one, other]) for (const command of ['a', 'b']) stream.write(command);
  await turn();

  expect([one.writes, other.writes]).toEqual([['ab'], ['ab']]);
});

test('a client without a socket, or with one that cannot gather, is left alone', () => {
  for (const client of [{}, { stream: {} }, { nodes: () => [] }]) {
    expect(gatherWrites(client as unknown as RedisClient)).not.toThrow();
  }
});

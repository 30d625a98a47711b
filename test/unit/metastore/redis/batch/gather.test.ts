import { describe, expect, test } from '@jest/globals';
import { createBatches, type Outgoing, type SendLine } from '../../../../../src/metastore/redis/batch/gather.ts';
import { batchOf } from '../../../../../src/metastore/redis/batch/script.ts';
import { READ } from '../../../../../src/metastore/redis/lua/values/read.ts';
import type { RedisClient } from '../../../../../src/metastore/redis/client.ts';

/** Scripts of one turn of the event loop, and what becomes of their answers. */

const SCRIPT = { sha: 'sha-of-one', text: 'return {ARGV[1]}', together: 32 };
const OTHER = { ...SCRIPT, sha: 'sha-of-another', text: 'return {KEYS[1]}' };
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Seen {
  sent: { command: string; line: readonly unknown[]; buffers: boolean }[];
  ends: string[];
  flush(): void;
  add(line: string[], script?: typeof SCRIPT, buffers?: boolean): void;
}

/** Answers as `answers` says, one after the other. */
function seen(answers: (() => unknown)[], client: Partial<RedisClient> = {}): Seen {
  const sent: Seen['sent'] = [];
  const ends: string[] = [];
  const send: SendLine = async (command, line, buffers) => {
    sent.push({ command, line, buffers });
    return answers.shift()?.() ?? [];
  };
  const { add, flush } = createBatches(client as RedisClient, send);
  return {
    sent,
    ends,
    flush,
    add(line, script = SCRIPT, buffers = false) {
      const one: Outgoing = {
        script,
        line: [script.sha, 1, ...line],
        buffers,
        answered: (reply) => void ends.push(`${line[0]} answered ${String(reply)}`),
        failed: (error) => void ends.push(`${line[0]} failed ${(error as Error).name} ${(error as Error).message}`),
      };
      add(one);
    },
  };
}

const refusal = (text: string) => (): never => {
  throw Object.assign(new Error(text), { name: 'ReplyError' });
};

describe('scripts of one turn', () => {
  test('that are the same one go out as one, with the keys, the arguments and the answer of each', async () => {
    const { sent, ends, add } = seen([() => [['x'], ['y']]]);
    add(['k1', 'a', 'b']);
    add(['k2', 'c']);
    await soon();

    expect(sent).toEqual([
      { command: 'evalsha', buffers: false, line: [batchOf(SCRIPT).sha, 2, 'k1', 'k2', 2, 2, 1, 'a', 'b', 'c'] },
    ]);
    expect(ends).toEqual(['k1 answered x', 'k2 answered y']);
  });

  test('that are another one, or want another kind of answer, go out by themselves, as does one of a later turn', async () => {
    const { sent, add } = seen([() => ['x'], () => ['x'], () => ['x'], () => ['x']]);
    add(['k1']);
    add(['k2'], OTHER);
    add(['k3'], SCRIPT, true);
    await soon();
    add(['k4']);
    await soon();

    expect(sent.map(({ line }) => line)).toEqual([
      [SCRIPT.sha, 1, 'k1'],
      [OTHER.sha, 1, 'k2'],
      [SCRIPT.sha, 1, 'k3'],
      [SCRIPT.sha, 1, 'k4'],
    ]);
  });

  test('are at most 32 in one command, so that none keeps the server for long', async () => {
    const { sent, add } = seen([]);
    for (let at = 0; at < 70; at += 1) add([`k${at}`]);
    await soon();

    expect(sent.map(({ line }) => line[1])).toEqual([32, 32, 6]);
  });

  test('keep their order within a scope', async () => {
    const { sent, add } = seen([]);
    add(['k1', 'read first']);
    add(['k2'], OTHER);
    add(['k2', 'read later']);
    await soon();

    expect(sent.map(({ line }) => line)).toEqual([
      [SCRIPT.sha, 1, 'k1', 'read first'],
      [OTHER.sha, 1, 'k2'],
      [SCRIPT.sha, 1, 'k2', 'read later'],
    ]);
  });

  test('go out before what is sent beside them', async () => {
    const { sent, add, flush } = seen([]);
    add(['k1']);
    flush();

    expect(sent).toHaveLength(1);

    await soon();

    expect(sent).toHaveLength(1);
  });

  test('are fewer in one command if each looks at many fields', async () => {
    const { sent, add } = seen([() => ['x'], () => ['x'], () => ['x']]);
    for (const key of ['k1', 'k2', 'k3']) add([key], { ...SCRIPT, together: 2 });
    await soon();

    expect(sent.map(({ line }) => line[1])).toEqual([2, 1]);
  });

  test('go out one by one in a Cluster', async () => {
    const { sent, add } = seen([() => ['x'], () => ['x']], { nodes: () => [] });
    add(['k1']);
    add(['k2']);
    await soon();

    expect(sent.map(({ line }) => line[0])).toEqual([SCRIPT.sha, SCRIPT.sha]);
  });

  test('go out one by one from then on if the server has slots without being a Cluster to the client', async () => {
    const { sent, ends, add } = seen([refusal('CROSSSLOT Keys in request'), () => ['x'], () => ['y'], () => ['z'], () => ['z']]);
    for (const key of ['k1', 'k2']) add([key]);
    await soon();
    for (const key of ['k3', 'k4']) add([key]);
    await soon();

    expect(sent.map(({ line }) => line[0])).toEqual([batchOf(SCRIPT).sha, SCRIPT.sha, SCRIPT.sha, SCRIPT.sha, SCRIPT.sha]);
    expect(ends).toEqual(['k1 answered x', 'k2 answered y', 'k3 answered z', 'k4 answered z']);
  });

  test('go out as text if the server does not have the batch yet', async () => {
    const { sent, ends, add } = seen([refusal('NOSCRIPT No matching script'), () => [['x'], ['y']]]);
    for (const key of ['k1', 'k2']) add([key]);
    await soon();

    expect(sent.map(({ command, line }) => [command, line[0]])).toEqual([
      ['evalsha', batchOf(SCRIPT).sha],
      ['eval', batchOf(SCRIPT).text],
    ]);
    expect(ends).toEqual(['k1 answered x', 'k2 answered y']);
  });

  test('have one time: the server is asked for it once', () => {
    const { text } = batchOf(READ);

    expect(READ.text.split("redis.call('TIME')")).toHaveLength(2);
    expect(text.split("redis.call('TIME')")).toHaveLength(2);
    expect(text.indexOf('TIME')).toBeLessThan(text.indexOf('function run'));
  });

  test('fail each by itself, or all if the command failed', async () => {
    const { ends, add } = seen([() => [['x'], 'WRONGTYPE Operation against a key'], refusal('READONLY You can not')]);
    for (const key of ['k1', 'k2']) add([key]);
    await soon();
    for (const key of ['k3', 'k4']) add([key]);
    await soon();

    expect(ends).toEqual([
      'k1 answered x',
      'k2 failed ReplyError WRONGTYPE Operation against a key',
      'k3 failed ReplyError READONLY You can not',
      'k4 failed ReplyError READONLY You can not',
    ]);
  });
});

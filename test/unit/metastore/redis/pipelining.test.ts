import { expect, test } from '@jest/globals';
import type { RedisClient } from '../../../../src/redis.ts';
import type { OpenMetastore } from '../../../../src/metastore/metastore.ts';
import { all, NAME } from '../../../contract/metastore-parts.ts';
import { openRedisMetastore } from '../../../support/store-context.ts';

/** Scripts of one turn that go out as one. */
const MOST_RUNS = 32;

/**
 * A question to all 256 shards goes out in one script if one server holds them all. Otherwise the scripts go out at the same
 * time, and not one after another.
 */

/** A server that answers whatever has arrived by the end of a turn, and counts such turns. */
function server(cluster: boolean): RedisClient & { turns: number; commands: number } {
  let turn: Promise<void> | undefined;
  const client = { turns: 0, commands: 0 };
  const call: RedisClient['call'] = async (command, ...args) => {
    if (command === 'info') return 'redis_version:7.2.4\r\nmaxmemory_policy:noeviction\r\n';
    if (command === 'time') return ['1700000000', '500000'];
    client.commands += 1;
    turn ??= new Promise((resolve) => {
      setImmediate(() => {
        client.turns += 1;
        turn = undefined;
        resolve();
      });
    });
    await turn;
    const answer = (): string[] => ['17000000006000ok'];
    const runs = Number(args[2 + Number(args[1])]);
    return runs > 1 && runs <= MOST_RUNS ? Array.from({ length: runs }, answer) : answer();
  };
  return Object.assign(client, { call, callBuffer: call }, cluster && { nodes: () => [client as unknown as RedisClient] });
}

test.each<[string, (m: OpenMetastore) => Promise<unknown>, { alone: object; cluster: object }]>([
  [
    'an index in which nothing is due',
    (m) => all(m.sweep.due(1_700_000_000_000, {})),
    { alone: { commands: 256 / MOST_RUNS, turns: 4 }, cluster: { commands: 256, turns: 4 } },
  ],
  ['the lineage', (m) => m.lineage.read({}), { alone: { commands: 1, turns: 1 }, cluster: { commands: 256, turns: 1 } }],
  [
    'making births known',
    (m) => m.lineage.bear(NAME, {}),
    { alone: { commands: 1, turns: 1 }, cluster: { commands: 256, turns: 2 } },
  ],
  [
    'raising the generation',
    (m) => m.lineage.raise(1, {}),
    { alone: { commands: 1, turns: 1 }, cluster: { commands: 256, turns: 2 } },
  ],
])('%s', async (_what, ask, expected) => {
  for (const kind of ['alone', 'cluster'] as const) {
    const client = server(kind === 'cluster');
    const m = openRedisMetastore({ client });
    await m.now({});

    await ask(m);

    expect(client).toMatchObject(expected[kind]);
  }
});

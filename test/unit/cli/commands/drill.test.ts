import { describe, expect, test } from '@jest/globals';
import { Interruption } from '../../../../src/cli/interruption.ts';
import type { CommandOutcome } from '../../../../src/cli/outcome.ts';
import type { DrillOrder, DrillWork } from '../../../../src/cli/tools.ts';
import { runCommand } from '../../../support/command.ts';

/** `mooring drill`, by what it asks of the drill, and how it ends. */

const ENV = { MOORING_REDIS: 'redis://cache:6379/0', MOORING_REDIS_PASSWORD: 'hunter2' };
const PASSED: CommandOutcome = { code: 0, report: { passed: true }, lines: ['all is well'] };

/** A drill that keeps what it was asked for. */
function fakeDrill(perform: (work: DrillWork) => Promise<CommandOutcome> = async () => PASSED) {
  const orders: DrillOrder[] = [];
  const drill = async (order: DrillOrder, work: DrillWork): Promise<CommandOutcome> => {
    orders.push(order);
    return perform(work);
  };
  return { orders, tools: { drill } };
}

describe('an order', () => {
  test('has its defaults', async () => {
    const { orders, tools } = fakeDrill();

    const { code, stdout } = await runCommand(['drill', './drill.js'], { env: ENV, tools });

    expect({ code, stdout }).toEqual({ code: 0, stdout: 'all is well\n' });
    expect(orders).toMatchObject([{ module: './drill.js', repeat: 1, concurrency: 4, timeout: 600_000, dryRun: false }]);
    expect(orders[0]?.redis).toMatchObject({ redis: 'redis://cache:6379/0', redisCredentials: { password: 'hunter2' } });
  });

  test('has what the flags say', async () => {
    const { orders, tools } = fakeDrill();
    const flags = ['--ends', 'kill', '--gaps', 'G3,G4', '--repeat', '2', '--concurrency', '8', '--timeout', '1h'];

    await runCommand(['drill', './drill.js', ...flags], { env: ENV, tools });

    expect(orders).toMatchObject([{ ends: 'kill', gaps: 'G3,G4', repeat: 2, concurrency: 8, timeout: 3_600_000 }]);
  });

  test('that only asks what would be run needs no Redis', async () => {
    const { orders, tools } = fakeDrill();

    const { code } = await runCommand(['drill', './drill.js', '--dry-run'], { tools });

    expect(code).toBe(0);
    expect(orders).toMatchObject([{ dryRun: true, redis: undefined }]);
  });

  test.each([
    ['no module', [], /drill needs one word more: the file of a module/],
    ['two modules', ['a.js', 'b.js'], /drill needs one word more/],
    ['no runs at all', ['a.js', '--repeat', '0'], /--repeat must be a whole number/],
    ['a time without a unit', ['a.js', '--timeout', '60'], /--timeout must be a length of time/],
    ['a password for all to see', ['a.js', '--redis', 'redis://:x@cache'], /--redis must not hold a password/],
  ])('with %s is refused', async (_what, args, said) => {
    const { orders, tools } = fakeDrill();

    const { code, stderr } = await runCommand(['drill', ...args], { env: ENV, tools });

    expect(code).toBe(2);
    expect(stderr).toMatch(said);
    expect(orders).toEqual([]);
  });
});

describe('an end', () => {
  test('tells a definition that did wrong (1) from one that could not be drilled (2)', async () => {
    const failed = fakeDrill(async () => ({ ...PASSED, code: 1 }));
    const unable = fakeDrill(async () => {
      throw new Error('Redis is away');
    });

    expect(await runCommand(['drill', 'a.js'], { env: ENV, ...failed })).toMatchObject({ code: 1 });
    expect(await runCommand(['drill', 'a.js'], { env: ENV, ...unable })).toMatchObject({
      code: 2,
      stderr: 'mooring: failed: Redis is away\n',
    });
  });

  test('by Ctrl-C says that Redis is clean', async () => {
    const stop = new AbortController();
    const { tools } = fakeDrill(async ({ signal }) => {
      stop.abort(new Interruption('SIGINT'));
      throw signal.reason;
    });

    const { code, stderr } = await runCommand(['drill', 'a.js'], { env: ENV, tools, signal: stop.signal });

    expect(code).toBe(130);
    expect(stderr).toContain('interrupted: all that the drill made in Redis was removed');
  });

  test('as JSON is one document alone', async () => {
    const { tools } = fakeDrill(async ({ note, progress }) => {
      note('37 runs');
      progress('1/37');
      return PASSED;
    });

    const { stdout, stderr } = await runCommand(['drill', 'a.js', '--json'], { env: ENV, tools });

    expect(JSON.parse(stdout)).toEqual({ command: 'drill', passed: true });
    expect(stderr).toBe('');
  });
});

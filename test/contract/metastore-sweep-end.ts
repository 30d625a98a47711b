import { describe, expect, test } from '@jest/globals';
import { DAY, HOUR, MINUTE, put, putRef, SCOPE, tool, write, type Bench } from './metastore-parts.ts';
import { isDueIn, NONCE, O1, O2, pages, sweep } from './metastore-sweep-parts.ts';

/** When a scope that was swept is looked at again. */
export function sweepEndContract(bench: Bench): void {
  const stored = () => bench.rig.stored(bench.namespace, SCOPE.path);

  describe('the end of a sweep', () => {
    const expired = async (): Promise<void> => {
      await write(bench.m, tool(), putRef('k', O1, { retention: 3 * HOUR }));
      await bench.advance(4 * HOUR);
    };
    const end = (nonce = NONCE) => bench.m.sweep.end(SCOPE, { nonce, nextDue: undefined }, {});

    test('takes the scope off the index, or puts it there for its next time', async () => {
      await expired();
      await pages(bench.m);

      await bench.m.sweep.end(SCOPE, { nonce: NONCE, nextDue: Date.now() + bench.rig.shift() + 3 * DAY }, {});
      expect(await isDueIn(bench, 3 * DAY - MINUTE)).toBe(false);
      expect(await isDueIn(bench, 3 * DAY + MINUTE)).toBe(true);

      await pages(bench.m);
      await end();
      expect(await isDueIn(bench, 1_000 * DAY)).toBe(false);
      expect((await stored()).has('sweep')).toBe(false);
    });

    test.each([
      ['an overwritten reference', putRef('l', O2)],
      ['a deleted value', { name: 'l' }],
      ['a reference that expires', putRef('m', 'n/f/r/t/m/1.gz', { retention: HOUR })],
    ])('† a time that is set while the sweep goes on is not lost: %s', async (_what, change) => {
      await write(bench.m, tool(), putRef('l', 'n/f/r/t/l/1.gz', { retention: 30 * DAY }));
      await expired();
      await pages(bench.m);
      await write(bench.m, tool(), change);

      await end();
      expect(await isDueIn(bench, 0)).toBe(true);

      await sweep(bench.m, { nonce: 'sweep00000000002' });
      expect(await isDueIn(bench, 0)).toBe(false);
      expect(await isDueIn(bench, DAY + MINUTE)).toBe(true);
    });

    test('† nor one in a scope that never ends', async () => {
      await write(bench.m, tool(), put('long', 1, { retention: 'forever' }));
      await expired();
      await pages(bench.m);
      await write(bench.m, tool(), put('short', 1, { retention: HOUR }));

      await end();

      expect(await isDueIn(bench, 0)).toBe(true);
    });

    test('† nor one between two pages', async () => {
      const changes = Array.from({ length: 40 }, (_, at) => putRef(`k${at}`, `n/f/r/t/k${at}/1.gz`, { retention: 3 * HOUR }));
      await write(bench.m, tool(), changes);
      await bench.advance(4 * HOUR);
      const request = { nonce: NONCE, count: 5, grace: DAY, dryRun: false };

      let { cursor } = await bench.m.sweep.page(SCOPE, { ...request, cursor: '0' }, {});
      expect(cursor).not.toBe('0');

      await write(bench.m, tool(), { name: 'l' });
      while (cursor !== '0') ({ cursor } = await bench.m.sweep.page(SCOPE, { ...request, cursor }, {}));
      await end();

      expect(await isDueIn(bench, 0)).toBe(true);
    });

    test('of a sweep that another one has overtaken changes nothing', async () => {
      await expired();
      await pages(bench.m);
      await pages(bench.m, { nonce: 'sweep00000000002' });

      await end();
      expect(await isDueIn(bench, 0)).toBe(true);

      await end('sweep00000000002');
      expect(await isDueIn(bench, 0)).toBe(false);
    });

    test('† what an overtaken sweep still supersedes is not lost on the one that overtook it', async () => {
      const changes = Array.from({ length: 40 }, (_, at) => putRef(`k${at}`, `n/f/r/t/k${at}/1.gz`, { retention: 3 * HOUR }));
      await write(bench.m, tool(), changes);
      const request = { nonce: NONCE, count: 5, grace: DAY, dryRun: false };

      let { cursor } = await bench.m.sweep.page(SCOPE, { ...request, cursor: '0' }, {});
      expect(cursor).not.toBe('0');

      await pages(bench.m, { nonce: 'sweep00000000002' });
      await bench.advance(4 * HOUR);
      while (cursor !== '0') ({ cursor } = await bench.m.sweep.page(SCOPE, { ...request, cursor }, {}));
      await end('sweep00000000002');

      expect(await isDueIn(bench, 0)).toBe(true);
    });

    test('goes on over pages that supersede objects themselves', async () => {
      const changes = Array.from({ length: 600 }, (_, at) => putRef(`k${at}`, `n/f/r/t/k${at}/1.gz`, { retention: 3 * HOUR }));
      await write(bench.m, tool(), changes);
      await bench.advance(4 * HOUR);

      const swept = await sweep(bench.m, { count: 100 });

      expect(swept.pages).toBeGreaterThan(2);
      expect(await isDueIn(bench, DAY - MINUTE)).toBe(false);
      expect(await isDueIn(bench, DAY + MINUTE)).toBe(true);
    });

    test('of a scope whose hash is gone meanwhile takes it off the index', async () => {
      await expired();
      await pages(bench.m);

      await bench.advance(9 * DAY);
      expect(await isDueIn(bench, 0)).toBe(true);

      await end();
      expect(await isDueIn(bench, 0)).toBe(false);
    });

    test('that nobody began changes nothing', async () => {
      await expired();

      await end();

      expect(await isDueIn(bench, 0)).toBe(true);
    });
  });
}

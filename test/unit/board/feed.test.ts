import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../src/async/clock.ts';
import { systemTimer } from '../../../src/async/deadline.ts';
import { createFeed, type Feed } from '../../../src/board/feed.ts';
import type { Sink } from '../../../src/board/listeners.ts';
import type { BoardEvents } from '../../../src/board/wire.ts';
import { jobRecords, type JobRecord } from '../../../src/index.ts';
import { memoryStateStore } from '../../../src/testing.ts';
import { boardJobs } from '../../support/board-jobs.ts';
import { until } from '../../support/until.ts';

/** What a page that takes little at a time gets of many rows. */

const MANY = 5_000;
const MOST_PENDING = 512 * 1024;

let template: JobRecord;
let present: JobRecord[];
const feeds: Feed[] = [];

beforeAll(async () => {
  const store = memoryStateStore();
  await boardJobs(store).running('transcode', 1);
  for await (const record of jobRecords(store).list()) template = record;
  await store.close();
});

afterEach(() => feeds.splice(0).forEach((feed) => feed.close()));

const recordOf = (at: number, name = 'first'): JobRecord => ({
  ...template,
  scope: { ...template.scope, run: String(at) },
  description: { title: name },
});

function feedOf(count: number): Feed {
  present = Array.from({ length: count }, (_none, at) => recordOf(at));
  const feed = createFeed({
    records: {
      async *list({ state } = {}) {
        if ([state].flat().includes('submitted')) yield* present;
      },
      async *orphans() {},
      savings: () => Promise.resolve([]),
      summary: () => Promise.resolve([]),
    },
    now: () => Promise.resolve(0),
    clock: systemClock,
    timer: systemTimer,
    interval: 10,
    most: 20_000,
    hello: { allowChanges: false, showValues: true },
  });
  feeds.push(feed);
  return feed;
}

/** A page that takes what was sent when the test says so. */
function slowPage() {
  const rows = new Map<string, string>();
  let text = '';
  let most = 0;
  let looked = 0;
  let sent = 0;
  let begun = 0;
  let call: (() => void) | undefined;
  const sink: Sink = {
    send(more) {
      text += more;
      sent += more.length;
      most = Math.max(most, text.length);
    },
    pending: () => text.length,
    onTaken: (next) => void (call = next),
    end: () => undefined,
  };
  const take = (): void => {
    const taken = text;
    text = '';
    for (const [, name, data = ''] of taken.matchAll(/^event: (\w+)\ndata: (.*)$/gm)) {
      if (name === 'looked') looked += 1;
      if (name !== 'rows') continue;
      const { all, put, drop } = JSON.parse(data) as BoardEvents['rows'];
      if (all) rows.clear();
      begun += Number(all === true);
      for (const row of put) rows.set(row.id, JSON.stringify(row));
      for (const id of drop) rows.delete(id);
    }
    const next = call;
    call = undefined;
    next?.();
  };
  return { sink, take, rows, most: () => most, looked: () => looked, sent: () => sent, begun: () => begun };
}

/** Another page has all rows: the feed knows them. */
async function known(feed: Feed): Promise<() => void> {
  const first = slowPage();
  const leave = feed.join(first.sink);
  await until(() => (first.take(), first.looked() > 0 && first.rows.size === present.length));
  return leave;
}

describe('a page that takes little at a time', () => {
  test('never has more than half a megabyte on the way', async () => {
    const feed = feedOf(MANY);
    const leave = await known(feed);
    const slow = slowPage();

    feed.join(slow.sink);
    leave();
    await until(() => (slow.take(), slow.rows.size === MANY));

    expect(slow.sent()).toBeGreaterThan(2 * MOST_PENDING);
    expect(slow.most()).toBeLessThan(MOST_PENDING);
    expect(slow.begun()).toBe(1);
  });

  test('has what changed while the picture was on the way', async () => {
    const feed = feedOf(MANY);
    await known(feed);
    const slow = slowPage();
    feed.join(slow.sink);
    slow.take();
    const other = slowPage();
    present = [recordOf(0, 'second'), ...present.slice(2, -1), recordOf(MANY - 1, 'second')];
    feed.join(other.sink);
    await until(() => (other.take(), other.rows.size === MANY - 1 && [...other.rows.values()].join().includes('second')));

    await until(() => (slow.take(), slow.looked() > 0));

    expect(slow.rows).toEqual(new Map([...slow.rows.keys()].map((id) => [id, other.rows.get(id)])));
    expect(slow.rows.size).toBe(MANY - 1);
    expect([...slow.rows.values()].filter((row) => row.includes('second'))).toHaveLength(2);
    expect(slow.begun()).toBe(1);
  });

  test('is sent no more once it has left', async () => {
    const feed = feedOf(MANY);
    await known(feed);
    const slow = slowPage();
    const leave = feed.join(slow.sink);
    const before = slow.sent();

    leave();
    slow.take();

    expect(slow.sent()).toBe(before);
  });
});

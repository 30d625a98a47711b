import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import axe from 'axe-core';
import { Redis } from 'ioredis';
import type { Browser, Page } from 'playwright-core';
import { serveBoard, type ServedBoard } from '../../src/board/serve.ts';
import { createStateStore, jobRecords, type StateStore } from '../../src/index.ts';
import { redisMetastore } from '../../src/redis.ts';
import { boardJobs, copyMany, saveDays, STORED_SECRET, type BoardJobs } from '../support/board-jobs.ts';
import { startBrowser } from '../support/browser.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

/** The board as a person sees it: in a real Chromium, on a real Redis. */

let browser: Browser;
let redis: TestRedis;
let killed: TestRedis | undefined;
let client: Redis;
let store: StateStore;
let jobs: BoardJobs;
const stop = new AbortController();

beforeAll(async () => {
  redis = await startRedis();
  browser = await startBrowser();
  client = new Redis(redis.port, { maxRetriesPerRequest: 1, retryStrategy: () => 100 });
  client.on('error', () => undefined);
  store = createStateStore({ metastore: redisMetastore({ client }), commandTimeout: '2s' });
});

beforeEach(() => {
  jobs = boardJobs(store);
});

afterAll(async () => {
  stop.abort();
  await browser?.close();
  await store?.close();
  client?.disconnect();
  await redis?.stop();
  await killed?.stop();
});

/** What a page was sent, and what it complained of. */
interface Opened {
  readonly page: Page;
  readonly board: ServedBoard;
  readonly complaints: string[];
  readonly addresses: string[];
  /** The bodies of all answers but the stream's, which does not end. */
  bodies(): Promise<string>;
}

const opened: { page: Page; end: AbortController }[] = [];

afterEach(async () => {
  for (const { page, end } of opened.splice(0)) {
    await page.context().close();
    end.abort();
  }
  // Every test begins with nothing.
  if (client?.status === 'ready') await client.flushall();
});

async function open({
  allowChanges = true,
  view = 'now',
  width = 1200,
  scheme = 'light',
}: { allowChanges?: boolean; view?: string; width?: number; scheme?: 'light' | 'dark' } = {}): Promise<Opened> {
  const end = new AbortController();
  const board = await serveBoard(store, { port: 0, host: '127.0.0.1', origins: [], allowChanges, signal: end.signal });
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme: scheme });
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  const addresses: string[] = [];
  const bodies: Promise<string>[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => addresses.push(request.url()));
  page.on('response', (response) => {
    if (!response.url().endsWith('.stream')) bodies.push(response.text().catch(() => ''));
  });
  await page.goto(board.url);
  await page.locator('.health', { hasText: 'live' }).waitFor();
  await go(page, view);
  opened.push({ page, end });
  return { page, board, complaints, addresses, bodies: async () => (await Promise.all(bodies)).join('\n') };
}

/** Opens a view. */
const go = (page: Page, view: string): Promise<unknown> => page.evaluate(`location.hash = '${view}'`);
const row = (page: Page, text: string) => page.locator('tbody tr', { hasText: text });
const button = (page: Page, name: RegExp) => page.getByRole('button', { name });
const dialog = (page: Page) => page.getByRole('dialog');

describe('the views', () => {
  test('Now shows where a job runs, how far it is, who holds it', async () => {
    await jobs.running('transcode', 7, { done: 30, total: 120 });
    await jobs.activity('order-7');
    const { page, complaints } = await open();

    const line = row(page, 'job 7');

    expect(await line.getByRole('rowheader').innerText()).toContain('bull:transcode');
    expect(await line.getByRole('progressbar').getAttribute('value')).toBe('0.25');
    expect(await line.innerText()).toMatch(/running[^]*30 of 120[^]*attempt 1/);
    expect(await line.getByRole('link', { name: /^t-7/ }).getAttribute('rel')).toBe('noopener noreferrer');
    expect(await row(page, 'order-7').innerText()).toContain('shipParcel');
    expect(complaints).toEqual([]);
  });

  test('a change is seen without loading the page again', async () => {
    const made = await jobs.running('transcode', 7, 10);
    const { page } = await open();
    await row(page, '10 %').waitFor();

    await jobs.running('transcode', 8, 80);
    await row(page, 'job 8').waitFor();
    await store.task(made.scope).clear();

    await row(page, 'job 7').waitFor({ state: 'detached' });
  });

  test('a text of a job is never markup', async () => {
    await jobs.failed('transcode', 9, '<img src=x onerror="document.title=1"><b>bold</b>');
    const { page, complaints } = await open({ view: 'failures' });

    expect(await row(page, 'job 9').innerText()).toContain('<b>bold</b>');
    expect(await page.locator('tbody img, tbody b').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('Saved has a chart with the same as a table', async () => {
    await saveDays(store);
    const { page } = await open({ view: 'saved' });

    await page.getByRole('img', { name: /^Hours per day/ }).waitFor();
    await page.getByRole('radio', { name: 'EUR' }).check();
    await page.getByRole('img', { name: /^EUR per day: €/ }).waitFor();

    expect(await page.locator('.column').count()).toBe(30);
    await page.getByText('The same as a table').click();
    expect(await page.locator('table.narrow tbody tr').count()).toBe(30);
  });

  test('the page of a job draws its attempts with the one that was killed', async () => {
    // The third attempt came back after a release, which is no kill.
    await jobs.again(await jobs.killed('transcode', 42));
    const { page } = await open();

    await row(page, 'job 42').getByRole('link', { name: /^clip/ }).click();
    await page.getByRole('img', { name: /^Timeline: 3 attempts .* 1 killed/ }).waitFor();

    expect(await page.locator('svg .kill').count()).toBe(1);
    expect(await page.locator('.events').innerText()).toMatch(/submitted a job[^]*killed before[^]*reconnected/);
    expect(await page.locator('dl').innerText()).toMatch(/Price[^]*€1\.20 an hour/);
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
  });
});

describe('answers', () => {
  test('Adopt asks for the ID that the record is to have', async () => {
    const { scope } = await jobs.ambiguous('transcode', 50);
    const { page } = await open({ view: 'waits' });

    await button(page, /^Adopt/).click();
    await dialog(page).getByLabel('ID of the job').fill('t-50');
    await dialog(page).getByRole('button', { name: 'Adopt' }).click();
    await row(page, 'job 50').waitFor({ state: 'detached' });

    expect(await jobRecords(store).get(scope)).toMatchObject({ state: 'submitted', externalId: 't-50' });
    expect(await page.getByRole('status').innerText()).toContain('Adopted');
  });

  test('It never arrived lets the next attempt submit again', async () => {
    const { scope } = await jobs.overdue('transcode', 51);
    const { page } = await open({ view: 'waits' });

    expect(await row(page, 'job 51').innerText()).toContain('overdue');
    await button(page, /^It never arrived/).click();
    await dialog(page).getByRole('button', { name: 'It never arrived' }).click();
    await row(page, 'job 51').waitFor({ state: 'detached' });

    expect(await jobRecords(store).get(scope)).toBeUndefined();
  });

  test('Reopen lets a failed job be submitted again', async () => {
    const { scope } = await jobs.failed('transcode', 60, 'no codec');
    const { page } = await open({ view: 'failures' });

    await button(page, /^Reopen/).click();
    await dialog(page).getByRole('button', { name: 'Reopen' }).click();
    await row(page, 'job 60').waitFor({ state: 'detached' });

    expect(await jobRecords(store).get(scope)).toBeUndefined();
  });

  test('Forget takes an orphan off the list', async () => {
    await jobs.orphan('transcode', 70);
    const { page } = await open({ view: 'orphans' });

    await button(page, /^Forget/).click();
    await dialog(page).getByRole('button', { name: 'Forget' }).click();

    await page.getByText('There are no orphans.').waitFor();
  });

  test('a refusal is told in the dialog', async () => {
    const { scope } = await jobs.ambiguous('transcode', 50);
    const { page } = await open({ view: 'waits' });
    await button(page, /^It never arrived/).click();
    const record = await jobRecords(store).get(scope);
    if (record) await jobRecords(store).adopt(record, 't-50');

    await dialog(page).getByRole('button', { name: 'It never arrived' }).click();

    await dialog(page)
      .getByRole('alert')
      .getByText(/another write came first/i)
      .waitFor();
  });

  test('a board that may change nothing has no button for it', async () => {
    await jobs.ambiguous('transcode', 50);
    await jobs.failed('transcode', 60, 'no codec');
    await jobs.orphan('transcode', 70);
    const { page } = await open({ allowChanges: false });

    for (const view of ['waits', 'failures', 'orphans']) {
      await go(page, view);
      await page.getByText('read-only').waitFor();
      expect(await page.locator('tbody button').count()).toBe(0);
    }
  });
});

describe('what nobody asked for', () => {
  test('no answer holds a value until Show is pressed', async () => {
    await jobs.killed('transcode', 42);
    const { page, addresses, bodies } = await open();
    await row(page, 'job 42').getByRole('link', { name: /^clip/ }).click();
    await button(page, /^Show the value of password/).waitFor();
    const before = await bodies();

    await button(page, /^Show the value of password/).click();
    await page.getByText(STORED_SECRET).waitFor();

    expect(before).not.toContain(STORED_SECRET);
    expect(addresses.join('\n')).not.toMatch(/password|transcode|hunter2/);
  });

  test('the token is sent in no address', async () => {
    const { page, board, addresses } = await open();
    const token = new URL(board.url).hash.slice(1);

    await page.reload();
    await page.locator('.health', { hasText: 'live' }).waitFor();

    expect(page.url()).not.toContain(token);
    expect(addresses.join('\n')).not.toContain(token);
  });

  test('a page without the token shows nothing but how to get it', async () => {
    await jobs.running('transcode', 7);
    const { page, board } = await open();
    const other = await (await browser.newContext()).newPage();

    await other.goto(new URL('/', board.url).href);
    await other
      .getByRole('alert')
      .getByText(/token is not valid/i)
      .waitFor();

    expect(await other.locator('tbody tr').count()).toBe(0);
    await other.context().close();
    await page.bringToFront();
  });

  test('a page of another origin gets no data', async () => {
    const { board } = await open();
    const other = await open();

    const status = await other.page.evaluate(
      ([url, token]) =>
        fetch(`${url}job.json`, { method: 'POST', headers: { 'x-mooring-board': token ?? '' } }).then(
          ({ status }) => status,
          () => 'refused',
        ),
      [new URL('/', board.url).href, new URL(board.url).hash.slice(1)],
    );

    expect(status).toBe('refused');
  });
});

describe('for everybody', () => {
  async function violations(page: Page): Promise<string[]> {
    // A script of the test's own, which the page's policy does not allow to itself.
    await page.evaluate(axe.source);
    return page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      };
      const { violations } = await axe.run();
      return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
    });
  }

  test.each(['light', 'dark'] as const)('in %s axe finds nothing to complain of', async (scheme) => {
    await Promise.all([jobs.running('transcode', 7), jobs.killed('transcode', 42), jobs.ambiguous('transcode', 50)]);
    await Promise.all([jobs.failed('transcode', 60, 'no codec'), jobs.orphan('transcode', 70), saveDays(store)]);
    const { page } = await open({ scheme });
    const found: Record<string, string[]> = {};

    for (const view of ['now', 'waits', 'orphans', 'failures', 'saved']) {
      await go(page, view);
      await page.locator('.health', { hasText: 'live' }).waitFor();
      await page.locator('main table, main svg').first().waitFor({ state: 'attached' });
      found[view] = await violations(page);
    }
    await go(page, 'now');
    await row(page, 'job 42').getByRole('link', { name: /^clip/ }).click();
    await page.getByRole('img', { name: /^Timeline/ }).waitFor();
    found['job'] = await violations(page);
    await go(page, 'waits');
    await button(page, /^Adopt/).click();
    found['dialog'] = await violations(page);

    expect(found).toEqual({ now: [], waits: [], orphans: [], failures: [], saved: [], job: [], dialog: [] });
  });

  test('the focus stays where it is while rows come, change, move', async () => {
    await jobs.running('transcode', 7, 10);
    const { page } = await open();
    await row(page, 'job 7').getByRole('link', { name: /^clip/ }).focus();

    for (const id of [1, 2, 3]) await jobs.running('transcode', id, 50);
    await row(page, 'job 3').waitFor();
    await page.getByRole('button', { name: 'Age' }).dispatchEvent('click');
    await page.getByRole('columnheader', { name: 'Age' }).and(page.locator('[aria-sort=ascending]')).waitFor();

    expect(await page.evaluate(`document.activeElement.closest('tr')?.innerText`)).toContain('job 7');
  });

  test('the keyboard alone answers', async () => {
    const { scope } = await jobs.ambiguous('transcode', 50);
    const { page } = await open({ view: 'waits' });
    const focused = (): Promise<string> => page.evaluate('document.activeElement.textContent');
    await row(page, 'job 50').waitFor();

    for (let presses = 0; !(await focused()).startsWith('It never') && presses < 30; presses += 1)
      await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await dialog(page).waitFor();
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'detached' });
    const back = await focused();
    await page.keyboard.press('Enter');
    await dialog(page).waitFor();
    await page.keyboard.press('Enter');

    await until(async () => (await jobRecords(store).get(scope)) === undefined);
    expect(back).toContain('It never arrived');
  });

  test('a small screen needs no scrolling to the side', async () => {
    await jobs.killed('transcode', 42);
    const { page } = await open({ width: 360 });

    await row(page, 'job 42').waitFor();
    const inTable = await page.evaluate('document.documentElement.scrollWidth');
    await row(page, 'job 42').getByRole('link', { name: /^clip/ }).click();
    await page.getByRole('img', { name: /^Timeline/ }).waitFor();
    const inJob = await page.evaluate('document.documentElement.scrollWidth');

    expect([inTable, inJob]).toEqual([360, 360]);
  });
});

describe('10,000 jobs', () => {
  test('are there within moments, to filter and to page through', async () => {
    await copyMany(store, client, 10_000);
    const { page } = await open();
    const all = page.getByText('10,000 jobs');
    await all.waitFor();

    const begun = performance.now();
    await page.reload();
    await row(page, 'job ').first().waitFor();
    const first = performance.now() - begun;
    await all.waitFor();
    const whole = performance.now() - begun;
    await page.getByLabel('Filter').fill('job 7777');
    await page.getByText('1 of 10,000 jobs').waitFor();

    process.stdout.write(
      `10,000 jobs: the first rows after ${Math.round(first)} ms, all of them after ${Math.round(whole)} ms\n`,
    );
    expect(await page.locator('tbody tr').count()).toBe(1);
    await page.getByLabel('Filter').fill('');
    await button(page, /^Later/).click();
    await page.getByText('Page 2 of 200').waitFor();
    // What a quiet machine needs is in docs/board.md; a busy one takes a multiple.
    expect(whole).toBeLessThan(10_000);
  });
});

describe('a Redis that does not answer', () => {
  test('is told beside the last picture until it answers again', async () => {
    await jobs.running('transcode', 7, 10);
    const { page } = await open();
    await row(page, 'job 7').waitFor();

    await redis.kill();
    await page
      .getByRole('alert')
      .getByText(/The store cannot be read/)
      .waitFor();
    await page
      .getByRole('alert')
      .getByText(/This picture is \d+ s old/)
      .waitFor();
    const rows = await page.locator('tbody tr').count();
    const { port, directory } = redis;
    killed = redis;
    redis = await startRedis({ port, directory });
    await page.locator('.health', { hasText: 'live' }).waitFor();

    expect(rows).toBe(1);
    await page.getByRole('alert').waitFor({ state: 'hidden' });
    await page.getByText('Nothing runs.').waitFor();
  });
});

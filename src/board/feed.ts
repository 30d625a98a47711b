import { stopwatch, type Clock } from '../async/clock.ts';
import { bounded, type Timer } from '../async/deadline.ts';
import { abortController, onAbort } from '../async/abort.ts';
import type { JobRecords } from '../job/operator/record.ts';
import { StoreUnavailableError } from '../model/errors/store.ts';
import { createListeners, eventText, type Listeners, type Sink } from './listeners.ts';
import { isShown, orphanOf, rowOf } from './row.ts';
import { faultOf } from './fault.ts';
import type { BoardEvents, BoardOrphan, BoardRow, BoardState } from './wire.ts';

/**
 * The live picture of all records. It looks only while somebody listens, and once for all who do. What changed since the look
 * before is sent. A look that takes long is followed by a pause that is longer, so that a store spends at most a fifth of its time
 * on it.
 */

/** What the feed needs. Lengths of time are in milliseconds. */
export interface FeedParts {
  readonly records: Pick<JobRecords, 'list' | 'orphans' | 'savings' | 'summary'>;
  /** The time of the metastore. */
  now(signal: AbortSignal): Promise<number>;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly interval: number;
  /** The most rows. */
  readonly most: number;
  readonly hello: BoardEvents['hello'];
}

/** The live picture. */
export interface Feed {
  readonly listeners: number;
  /** Begins to send events; the returned function ends it. */
  join(sink: Sink): () => void;
  /** Begins to look although nobody listens yet. */
  warm(): void;
  /** Looks again soon: something has changed. */
  poke(): void;
  /** Ends every stream and the look that is under way. */
  close(): void;
}

/** The first rows come alone: they fill the screen. */
const FIRST_BATCH = 50;
const BATCH = 500;
/** Rows of the picture that are sent at once. */
const PICTURE_BATCH = 100;
const LOOK_TIMEOUT = 60_000;
const PAUSE_PER_LOOK = 4;
const PING_EVERY = 15_000;
const SAVINGS_EVERY = 30_000;
const SAVINGS_DAYS = 30;
const MOST_ORPHANS = 1_000;
/** How long it goes on for nobody: a page that is loaded again comes back soon. */
const LINGER = 5_000;
const WARM = 60_000;

/** What was seen last. */
interface Picture {
  readonly rows: Map<string, string>;
  orphans: BoardEvents['orphans'];
  savings: BoardEvents['savings'] | undefined;
  looked: { at: number; more: number; since: () => number } | undefined;
  trouble: BoardEvents['trouble'] | undefined;
}

const nothing = (): Picture => ({
  rows: new Map(),
  orphans: { all: [] },
  savings: undefined,
  looked: undefined,
  trouble: undefined,
});

/** What runs while somebody listens. */
interface Watch {
  readonly picture: Picture;
  readonly stop: AbortController;
  pause: AbortController;
}

/** A feed that nobody listens to yet. */
export function createFeed(parts: FeedParts): Feed {
  const { clock, timer } = parts;
  const listeners = createListeners(() => pictureTexts(parts, watched().picture));
  let watch: Watch | undefined;
  let closed = false;
  let stay = (): void => undefined;

  const stop = (): void => {
    stay();
    watch?.stop.abort();
    watch = undefined;
  };
  const stopIn = (ms: number): void => {
    stay();
    stay = timer(ms, stop);
  };
  const watching = async (own: Watch): Promise<void> => {
    const { picture } = own;
    const { signal } = own.stop;
    // Whoever comes later has another picture.
    const told: Told = {
      tell: (name, event) => (signal.aborted ? undefined : listeners.tell(name, event)),
      drop: (ids) => (signal.aborted ? undefined : listeners.drop(ids)),
    };
    let pinged = stopwatch(clock);
    let saved: (() => number) | undefined;
    while (!signal.aborted) {
      const took = stopwatch(clock);
      const withSavings = saved === undefined || saved() >= SAVINGS_EVERY;
      if ((await lookWithin(parts, picture, told, { withSavings, signal })) && withSavings) saved = stopwatch(clock);
      if (pinged() >= PING_EVERY) {
        listeners.ping();
        pinged = stopwatch(clock);
      }
      listeners.goOn();
      own.pause = abortController();
      const leave = onAbort(signal, () => own.pause.abort());
      await clock.sleep(Math.max(parts.interval, took() * PAUSE_PER_LOOK), own.pause.signal).catch(() => undefined);
      leave();
    }
  };
  const watched = (): Watch => {
    if (watch) return watch;
    watch = { picture: nothing(), stop: abortController(), pause: abortController() };
    void watching(watch);
    return watch;
  };

  return {
    get listeners() {
      return listeners.size;
    },
    join(sink) {
      if (closed) {
        sink.end();
        return () => undefined;
      }
      stay();
      const leave = listeners.add(sink);
      return () => {
        leave();
        if (listeners.size === 0 && !closed) stopIn(LINGER);
      };
    },
    warm() {
      watched();
      stopIn(WARM);
    },
    poke: () => watch?.pause.abort(),
    close() {
      closed = true;
      stop();
      listeners.end();
    },
  };
}

/**
 * Everything that is known, for one who knows nothing, piece by piece. It is as it is when a piece is asked for: a row that changes
 * meanwhile has gone to the end.
 */
function* pictureTexts({ hello }: FeedParts, picture: Picture): Generator<string, void> {
  yield eventText('hello', hello);
  yield eventText('rows', { all: true, put: [], drop: [] });
  let batch: string[] = [];
  for (const row of picture.rows.values()) {
    if (batch.push(row) < PICTURE_BATCH) continue;
    yield rowsText(batch);
    batch = [];
  }
  if (batch.length > 0) yield rowsText(batch);
  yield eventText('orphans', picture.orphans);
  if (picture.savings) yield eventText('savings', picture.savings);
  if (picture.looked) yield eventText('looked', lookedNow(picture.looked));
  if (picture.trouble) yield eventText('trouble', picture.trouble);
}

/** The rows are JSON already. */
const rowsText = (rows: readonly string[]): string => `event: rows\ndata: {"put":[${rows.join(',')}],"drop":[]}\n\n`;

function lookedNow({ at, more, since }: NonNullable<Picture['looked']>): BoardEvents['looked'] {
  return { at, now: at + Math.round(since()), more };
}

type Told = Pick<Listeners, 'tell' | 'drop'>;

/** Looks once, and says whether it succeeded. Never rejects: what went wrong is told to those who listen. */
async function lookWithin(
  parts: FeedParts,
  picture: Picture,
  told: Told,
  { withSavings, signal }: { withSavings: boolean; signal: AbortSignal },
): Promise<boolean> {
  try {
    const ended = await bounded(parts.timer, LOOK_TIMEOUT, signal, (within) =>
      look(parts, picture, told, { withSavings, signal: within }),
    );
    if (ended.ended === 'aborted') return false;
    if (ended.ended === 'deadline')
      throw new StoreUnavailableError('the jobs could not be listed in time', { store: 'metastore' });
    return true;
  } catch (error) {
    picture.trouble = faultOf(error);
    told.tell('trouble', picture.trouble);
    return false;
  }
}

async function look(
  { records, now, clock, most }: FeedParts,
  picture: Picture,
  told: Told,
  { withSavings, signal }: { withSavings: boolean; signal: AbortSignal },
): Promise<void> {
  const at = await now(signal);
  const since = stopwatch(clock);
  const seen = await lookAtRecords(records, picture, told, { most, signal });
  const drop = [...picture.rows.keys()].filter((id) => !seen.has(id));
  for (const id of drop) picture.rows.delete(id);
  if (drop.length > 0) told.drop(drop);

  const all: BoardOrphan[] = [];
  for await (const orphan of records.orphans({ signal })) if (all.push(orphanOf(orphan)) >= MOST_ORPHANS) break;
  const before = JSON.stringify(picture.orphans.all);
  picture.orphans = { all };
  if (JSON.stringify(all) !== before) told.tell('orphans', picture.orphans);

  if (withSavings) {
    picture.savings = { days: await records.savings({ days: SAVINGS_DAYS, signal }) };
    told.tell('savings', picture.savings);
  }
  const more = seen.size < most ? 0 : Math.max(0, (await countRecords(records, signal)) - seen.size);
  picture.trouble = undefined;
  picture.looked = { at, more, since };
  told.tell('looked', lookedNow(picture.looked));
}

async function countRecords(records: FeedParts['records'], signal: AbortSignal): Promise<number> {
  const counts = await records.summary({ signal });
  return counts.reduce((all, { state, count }) => all + (state === 'orphan' ? 0 : count), 0);
}

/** What waits for a person comes first: it is shown even if there is too much. */
const IN_ORDER: readonly (readonly BoardState[])[] = [['ambiguous', 'submitting'], ['submitted'], ['failed']];

/** Sends what changed, in batches: the first rows are there long before the last. */
async function lookAtRecords(
  records: FeedParts['records'],
  picture: Picture,
  told: Told,
  { most, signal }: { most: number; signal: AbortSignal },
): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  let batch = picture.looked ? BATCH : FIRST_BATCH;
  let put: BoardRow[] = [];
  const flush = (): void => {
    if (put.length > 0) told.tell('rows', { put, drop: [] });
    put = [];
    batch = BATCH;
  };
  for (const state of IN_ORDER) {
    if (seen.size >= most) break;
    for await (const record of records.list({ state, signal })) {
      if (!isShown(record)) continue;
      const row = rowOf(record);
      seen.add(row.id);
      const text = JSON.stringify(row);
      if (picture.rows.get(row.id) !== text) {
        // At the end, where a picture that is being sent comes by once more.
        picture.rows.delete(row.id);
        picture.rows.set(row.id, text);
        if (put.push(row) >= batch) flush();
      }
      if (seen.size >= most) break;
    }
  }
  flush();
  return seen;
}

import { jobRecords, type Wait } from '../../src/index.ts';
import { type AttemptOptions } from '../../src/adapter-kit.ts';
import { internalsOf } from '../../src/state-store/internals.ts';
import { createStateStoreWith } from '../../src/state-store/create-state-store.ts';
import { flushable } from '../support/flushable.ts';
import { FIND_LAG, simExternalSystem, SUBMIT_TIMEOUT, type SimExternalSystemOptions } from './external-system.ts';
import { outageOf } from './misfortune.ts';
import { createRuntime } from './runtime.ts';
import { drawStyle, pathOf, SCOPE } from './task.ts';
import { watchRecords } from './watched-records.ts';
import { createWorld, type World } from './world.ts';

/** One task in a world: attempts that end in every way, and come back as zombies, over the real core and the memory metastore. */

/** What a history is made of. */
export interface HistoryOptions {
  seed: number;
  system: SimExternalSystemOptions['kind'];
  /** What the external system does with a key that it knows. */
  known?: SimExternalSystemOptions['known'];
  /** In milliseconds; for ever. */
  findableFor?: number;
  fence: AttemptOptions['fence']['kind'];
  /** In milliseconds; a day. */
  idempotentFor?: number;
  /** A person answers an ambiguous record. */
  operator?: boolean;
  /** The metastore loses everything once, when no attempt and no write of one is alive. */
  loses?: boolean;
  /** A person clears the task once. */
  clears?: boolean;
  /** The runtime may begin an attempt again. */
  repeats?: boolean;
  /** Jobs that take too long are given up. */
  givesUp?: boolean;
  /** How the external system refuses. */
  refusals?: SimExternalSystemOptions['refusals'];
}

/** How a history ended, and what was wrong with it. */
export interface History {
  violations: string[];
  outcome: string;
  attempts: number;
  jobs: number;
  log: readonly string[];
}

const FAULTY_ATTEMPTS = 3;
const FAULTY_STARTS = 12;
const ATTEMPTS = 9;
/** A job that is released after every poll is started this often, and no more often than that. */
const MOST_STARTS = 150;

/** Lets one history happen. */
export async function happen(options: HistoryOptions): Promise<History> {
  const { seed, system: kind, fence, idempotentFor = 86_400_000, operator = false, loses = false } = options;
  const world = createWorld(seed);
  const style = drawStyle(world);
  const wait = drawWait(world);
  const paths = style.items.map(pathOf);
  const { metastore, flush } = flushable();
  let flushed = false;
  let cleared = false;
  const store = createStateStoreWith({ metastore, clock: world.clock(), random: world.random }, world.timer());
  const core = internalsOf(store);
  const violations: string[] = [];
  const records = watchRecords(core.metastore.scopes, paths, violations, (id) =>
    system.jobs.some((one) => one.id === id && one.state === 'succeeded'),
  );
  const outage = outageOf(world);
  const copies = { inFlight: 0 };
  /** A person who wants no more as soon as so many jobs exist. */
  const cancelledAt = world.chance(0.1) ? Math.floor(world.between(1, 4)) : 0;
  // An external system that forgets keys so soon is a plain one after that.
  const mayBeAmbiguous = kind === 'plain' || options.findableFor !== undefined || (kind === 'keyed' && idempotentFor < 3_600_000);
  const unheard = (error: unknown): void => void violations.push(`nobody listened to ${String(error)}`);
  process.on('unhandledRejection', unheard);
  const system = simExternalSystem(world, {
    kind,
    known: options.known ?? 'answers',
    findableFor: options.findableFor,
    idempotentFor,
    failures: 0.3,
    refusals: options.refusals ?? (loses ? 'keeps-key' : 'plain'),
    wish: () => runtime.job.wish,
    giveUpAfter: options.givesUp ? world.between(SUBMIT_TIMEOUT, 2 * SUBMIT_TIMEOUT) : undefined,
    accepted(job) {
      records.accepted(job, world.now());
      if (cancelledAt === system.jobs.length) void runtime.cancel(0);
      if ((flushed && mayBeAmbiguous) || system.isCleared(job.key)) return;
      const submitted = system.jobs.filter((other) => other.input === job.input && !system.isCleared(other.key)).length;
      const { counted } = runtime.job;
      if (submitted > counted + 1) violations.push(`J${job.id} is number ${submitted} of ${job.input} in attempt ${counted + 1}`);
    },
  });

  await core.metastore.fences.draw({ path: 'f/r/other/-1' }, {});
  const createdAt = new Date(world.now() + 120_000);
  const at = (time: number): Promise<void> => {
    world.after(time - world.now(), () => undefined);
    return world.until(() => world.now() >= time);
  };
  await at(createdAt.getTime() + 10_000);

  /** A person looks at the external system when nothing is on its way any more. */
  const answer = async (): Promise<void> => {
    if (!mayBeAmbiguous) violations.push('an external system that can tell was called ambiguous');
    if (!records.wroteAhead() && !flushed) violations.push('ambiguous, and nobody ever wrote submitting');
    if (!operator) {
      runtime.job.over = 'ambiguous';
      return;
    }
    await new Promise<void>((resolve) => void world.after(2 * (SUBMIT_TIMEOUT + FIND_LAG), resolve));
    const operators = jobRecords(store);
    for (const itemKey of style.items) {
      const record = await operators.get(itemKey === undefined ? SCOPE : { ...SCOPE, itemKey });
      if (record?.state !== 'ambiguous') continue;
      const job = system.jobs.find(({ key }) => key === record.idempotencyKey);
      world.note(`a person answers: ${job ? `J${job.id}` : 'not submitted'}`);
      await (job ? operators.adopt(record, job.id) : operators.markNotSubmitted(record));
      await records.check(pathOf(itemKey));
    }
  };
  const cancelled = async (): Promise<void> => {
    for (const path of paths) {
      const { record } = await records.inspect(path);
      const job = system.jobs.find(({ id }) => id === record?.externalId);
      if (job?.state === 'active') violations.push(`J${job.id} of ${path} was to be cancelled, and runs`);
    }
  };
  const runtime = createRuntime({
    world,
    store,
    style,
    wait,
    fence,
    createdAt,
    violations,
    copies,
    outage,
    rightful: () => options.repeats !== true && !cleared,
    repeats: options.repeats ?? false,
    answer,
    cancelled,
    metastore: core.metastore,
    applied: (path) => void records.check(path),
    attempts: ATTEMPTS,
    externalJob: system.from,
  });
  const { job } = runtime;
  if (world.chance(0.15)) world.after(world.between(0, 300_000), () => void runtime.cancel());

  /** A person clears the task. It may be refused in the middle: then some items are cleared. */
  const clear = async (): Promise<void> => {
    if (job.over !== undefined) return;
    cleared = true;
    for (const process of job.processes) process.clearedUnder = true;
    system.clear(false);
    runtime.lost();
    records.lost();
    const refused = await store
      .task(SCOPE)
      .clear({ allItems: true })
      .catch((error: Error) => error);
    world.note(`a person clears the task${refused ? `: ${refused.message}` : ''}`);
    if (!refused) {
      system.clear(true);
      for (const process of job.processes) process.clearedPaths = new Set(process.wroteAheadAt.keys());
    }
    records.lost();
  };
  if (options.clears) world.after(world.between(0, 300_000), () => void clear());

  /** Everything, with no older attempt alive, and no write of one on its way. */
  const lose = (): void => {
    for (const process of job.processes.slice(0, -1)) process.dead = true;
    if (copies.inFlight > 0) return void world.after(1_000, lose);
    runtime.lost();
    flushed = true;
    records.lost();
    flush();
    world.note('the metastore loses everything');
  };
  if (loses && world.chance(0.4))
    world.after(world.between(0, 200_000), () => void (flushed || job.over !== undefined || lose()));
  while (job.over === undefined && job.counted < FAULTY_ATTEMPTS && job.started < FAULTY_STARTS) {
    await runtime.attempt(false);
    await world.until(() => world.chance(0.5));
    if (!loses || flushed || job.over !== undefined || !world.chance(0.5)) continue;
    for (const process of job.processes) process.dead = true;
    await world.until(() => copies.inFlight === 0);
    lose();
  }
  await world.until(() => world.now() >= outage.until);
  while (job.over === undefined && job.counted < ATTEMPTS && job.started < MOST_STARTS) await runtime.attempt(true);
  // The rest goes on to its end: zombies, late copies, requests in flight.
  await world.until(() => false);
  await new Promise((resolve) => void setImmediate(resolve));
  process.off('unhandledRejection', unheard);

  let unresolved = false;
  for (const path of paths) {
    const { record, orphans } = await records.inspect(path);
    // A key that an attempt may have submitted with is kept, and the external system remembers that it refused it.
    if (record && 'eof'.includes(record.letter) && orphans.includes(record.externalId))
      violations.push(`J${JSON.stringify(record.externalId)} is in the record, and an orphan`);
    unresolved ||= record?.letter === 's' && record.firstSentAt !== undefined;
    for (const one of system.jobs) {
      if (one.input !== path || one.state === 'failed' || one.state === 'cancelled') continue;
      const held =
        (record?.externalId === one.id && 'eof'.includes(record.letter)) ||
        orphans.includes(one.id) ||
        record?.previous.some(
          (earlier) => earlier.externalId === one.id || (earlier.externalId === undefined && earlier.idempotencyKey === one.key),
        ) ||
        ((record?.letter === 's' || record?.letter === 'a') && record.idempotencyKey === one.key);
      // After a loss, an external system that can tell is asked by key; what a plain one has, nobody knows any more.
      if (!held && !flushed && !(cleared && one.state === 'succeeded'))
        violations.push(`J${one.id} (${one.state}) is in no record`);
    }
  }
  if (new Set(job.results).size > 1 && !cleared) violations.push(`two results: ${job.results.join('; ')}`);
  const outcome = job.over ?? 'nothing';
  const allowed = ['completed', 'failed', 'cancelled'];
  if (mayBeAmbiguous) allowed.push('ambiguous');
  if (options.refusals === 'remembers' && unresolved && !system.tellsSo) allowed.push('NotSubmittedError');
  if (!allowed.includes(outcome)) violations.push(`it ended in ${outcome}`);
  violations.push(...system.violations);
  return { violations, outcome, attempts: job.started, jobs: system.jobs.length, log: world.log };
}

function drawWait(world: World): Wait {
  if (world.chance(0.5)) return { mode: 'hold' };
  return { mode: 'release', holdFor: world.chance(0.3) ? 0 : world.between(1, 60_000) };
}

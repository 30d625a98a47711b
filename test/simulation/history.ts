import { AmbiguousSubmitError, beginAttempt, ExternalJobFailedError, jobRecords, type AttemptOptions } from '../../src/index.ts';
import { withCoreParts } from '../../src/job/crash-point.ts';
import { parseOrphan, parseRecord, type StoredRecord } from '../../src/job/record.ts';
import { coreOf } from '../../src/state-store/core.ts';
import { openStateStore } from '../../src/state-store/create-state-store.ts';
import type { FarSideKind } from '../support/fake-far-side.ts';
import { flushable } from '../support/flushable.ts';
import { FIND_LAG, simFarSide, SUBMIT_TIMEOUT } from './far-side.ts';
import { simMetastore } from './metastore.ts';
import { createWorld, type Process, type World } from './world.ts';

/** One task in a world: attempts that die, stall and come back as zombies, over the real core and the memory metastore. */

/** What a history is made of. */
export interface HistoryOptions {
  seed: number;
  far: FarSideKind;
  fence: AttemptOptions['fence']['kind'];
  /** In milliseconds; a day. */
  idempotentFor?: number;
  /** A person answers an ambiguous record. */
  operator?: boolean;
  /** The metastore loses everything once, when no attempt and no write of one is alive. */
  loses?: boolean;
}

/** How a history ended, and what was wrong with it. */
export interface History {
  violations: string[];
  outcome: string;
  attempts: number;
  jobs: number;
  log: readonly string[];
}

const SCOPE = { flow: 'f', run: 'r', task: 't' };
const PATH = 'f/r/t/-1';
const FAULTY_ATTEMPTS = 3;

/** Lets one history happen. */
export async function happen({
  seed,
  far: kind,
  fence,
  idempotentFor = 86_400_000,
  operator = false,
  loses = false,
}: HistoryOptions): Promise<History> {
  const world = createWorld(seed);
  const far = simFarSide(world, kind, { idempotentFor, failures: 0.25 });
  const violations = far.violations;
  const { metastore, flush } = flushable();
  let flushed = false;
  const store = openStateStore({ metastore, clock: world.clock(), random: world.random }, world.timer());
  const core = coreOf(store);
  const copies = { inFlight: 0 };
  await core.metastore.draw({ path: 'f/r/other/-1' }, {});
  const createdAt = new Date(world.now() + 120_000);
  world.after(130_000, () => undefined);
  await world.until(() => world.now() > createdAt.getTime());

  let before: StoredRecord | undefined;
  let wroteSubmitting = false;
  const applied = (): void => void check();
  const inspect = async (): Promise<{ record: StoredRecord | undefined; orphans: unknown[] }> => {
    const { records, orphans } = await core.metastore.inspect({ path: PATH }, {});
    const raw = records[0];
    return {
      record: raw && parseRecord(raw.text, {}),
      orphans: orphans.map((orphan) => parseOrphan(orphan, {}).externalId),
    };
  };
  const check = async (): Promise<void> => {
    const { record } = await inspect();
    if (record?.version === before?.version) return;
    const had = before;
    before = record;
    wroteSubmitting ||= record?.letter === 's';
    if (had?.letter === 'o' && !(record?.letter === 'o' && record.externalId === had.externalId))
      violations.push('finished was overwritten');
    if (
      had?.letter === 'e' &&
      record?.externalId !== had.externalId &&
      !record?.previous.some((one) => one.externalId === had.externalId)
    ) {
      violations.push(`the ID of J${JSON.stringify(had.externalId)} was dropped`);
    }
    for (const one of had?.previous ?? []) {
      if (!record?.previous.some((kept) => kept.idempotencyKey === one.idempotencyKey && kept.externalId === one.externalId)) {
        violations.push(`submission ${one.submission} was forgotten`);
      }
    }
  };

  // Where a far side forgets keys so soon, it is a plain one after that.
  const mayBeAmbiguous = kind === 'plain' || (kind === 'keyed' && idempotentFor < 3_600_000);
  const results: unknown[] = [];
  let newest = 0;
  let done: string | undefined;
  const processes: Process[] = [];

  /** Starts an attempt; resolves when the runtime knows that it ended, or starts another beside it. */
  const attempt = async (clean: boolean): Promise<void> => {
    const number = (newest += 1);
    const process: Process = { name: `A${number}`, dead: false, stoppedUntil: 0, wroteAheadAt: 0, tick: () => undefined };
    processes.push(process);
    const faulty = (): boolean => !clean;
    let ended = false;
    let letGo = false;
    if (!clean) misfortune(world, process, () => (ended = true));
    const metastore = simMetastore(world, core.metastore, process, { faulty, applied, copies });
    const parts = { metastore, clock: world.clock(process), timer: world.timer(process) };
    world.note(`${process.name} starts${clean ? ', without misfortune' : ''}`);
    const running = beginAttempt(withCoreParts(store, parts), {
      scope: SCOPE,
      attempt: number,
      first: number === 1,
      createdAt,
      fence:
        fence === 'ordered'
          ? { kind: 'ordered', order: [1, number] }
          : { kind: 'drawn', prove: () => world.delay(process, 5_000).then(() => number === newest) },
    });
    const live = async (): Promise<void> => {
      try {
        const result = await running.context.run(far.from(process, faulty), 'input');
        world.note(`${process.name} returns ${result}`);
        if (number !== newest) return;
        results.push(result);
        // A completion that is lost makes the runtime start the job again.
        if (clean || world.chance(0.8)) done = 'completed';
        await running.succeed();
      } catch (error) {
        world.note(`${process.name} rejects: ${(error as Error).name}: ${(error as Error).message.slice(0, 80)}`);
        if (number !== newest) return;
        if (error instanceof AmbiguousSubmitError) await answer();
        if (error instanceof ExternalJobFailedError && clean) done = 'failed';
        if (clean) done ??= (error as Error).name;
      } finally {
        await running[Symbol.asyncDispose]();
        ended = true;
      }
    };
    void live();
    // A stall: the runtime believes that the attempt is gone, and it is not.
    if (!clean && world.chance(0.35)) world.after(world.between(0, 200_000), () => (letGo = true));
    await world.until(() => ended || letGo || process.dead);
  };

  /** A person looks at the far side when nothing is on its way any more. */
  const answer = async (): Promise<void> => {
    if (!mayBeAmbiguous) violations.push('a far side that can tell was called ambiguous');
    if (!wroteSubmitting && !flushed) violations.push('ambiguous, and nobody ever wrote submitting');
    if (!operator) {
      done = 'ambiguous';
      return;
    }
    await new Promise<void>((resolve) => void world.after(2 * (SUBMIT_TIMEOUT + FIND_LAG), resolve));
    const records = jobRecords(store);
    const record = await records.get(SCOPE);
    if (record?.state !== 'ambiguous') return;
    const job = far.jobs.find(({ key }) => key === record.idempotencyKey);
    world.note(`a person answers: ${job ? `J${job.id}` : 'not submitted'}`);
    await (job ? records.adopt(record, job.id) : records.markNotSubmitted(record));
    await check();
  };

  const lose = async (): Promise<void> => {
    for (const process of processes) process.dead = true;
    await world.until(() => copies.inFlight === 0);
    flushed = true;
    before = undefined;
    flush();
    world.note('the metastore loses everything');
  };

  while (done === undefined && newest < FAULTY_ATTEMPTS) {
    await attempt(false);
    await world.until(() => world.chance(0.5));
    if (loses && !flushed && done === undefined && world.chance(0.5)) await lose();
  }
  for (let tries = 0; done === undefined && tries < 6; tries += 1) {
    // An answer that a person owes is waited for.
    await attempt(true);
    if (done === 'AmbiguousSubmitError') done = undefined;
  }
  // What is left goes on to its end: zombies, late copies, requests in flight.
  await world.until(() => false);

  const { record, orphans } = await inspect();
  for (const job of far.jobs) {
    if (job.state === 'failed') continue;
    const held =
      (record?.externalId === job.id && 'eof'.includes(record.letter)) ||
      orphans.includes(job.id) ||
      record?.previous.some(
        (one) => one.externalId === job.id || (one.externalId === undefined && one.idempotencyKey === job.key),
      ) ||
      ((record?.letter === 's' || record?.letter === 'a') && record.idempotencyKey === job.key);
    // After a loss, a far side that can tell is asked by key; what a plain one has, nobody knows any more.
    if (!held && !flushed) violations.push(`J${job.id} (${job.state}) is in no record`);
  }
  if (new Set(results).size > 1) violations.push(`two results: ${results.join(', ')}`);
  const allowed = ['completed', 'failed', ...(mayBeAmbiguous ? ['ambiguous'] : [])];
  if (!allowed.includes(done ?? 'nothing')) violations.push(`it ended in ${done ?? 'nothing'}`);
  return { violations, outcome: done ?? 'nothing', attempts: newest, jobs: far.jobs.length, log: world.log };
}

/** At one of its next events the process dies, or is stopped for a while. */
function misfortune(world: World, process: Process, ended: () => void): void {
  const fate = world.random();
  if (fate > 0.75) return;
  let events = Math.floor(world.between(1, 30));
  process.tick = () => {
    events -= 1;
    if (events !== 0) return;
    if (fate < 0.45) {
      world.note(`${process.name} is killed`);
      process.dead = true;
      ended();
    } else {
      const ms = world.between(0, 15 * 60_000);
      world.note(`${process.name} is stopped for ${Math.round(ms)} ms`);
      process.stoppedUntil = world.now() + ms;
    }
  };
}

/** One run of one cell: a worker dies in a gap, another takes over, and the far side says how often it was asked. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BatchEvent } from '../batch-service/events.ts';
import { SIDES, type Side } from '../batch-service/job.ts';
import type { BatchProcess } from '../children.ts';
import type { Gap } from '../gaps.ts';
import type { Message } from './messages.ts';
import type { CrashWorker, Pool } from './pool.ts';
import type { CrashRuntime } from './runtime.ts';
import type { Run } from './table.ts';

const DEADLINE = 60_000;
/** In these gaps the next attempt is to meet a job that still runs. */
const RECONNECTS: readonly Gap[] = ['G7', 'G8', 'G9'];

/** What all cells share. */
export interface Environment {
  runtime: CrashRuntime;
  /** For files that cells make. */
  directory: string;
  batch: BatchProcess;
  /** Follows the batch service's events of one name. */
  onBatchEvent(name: string, listener: (event: BatchEvent) => void): void;
  pool: Pool;
}

/** Runs a cell for the n-th time. */
export async function runCell(environment: Environment, gap: Gap, side: Side, turn: number): Promise<Run> {
  const { batch, pool, runtime } = environment;
  const name = `${gap}-${side}-${turn}`;
  const decisions: string[] = [];
  const follow = (message: Message): void => void (message.type === 'decision' && decisions.push(message.decision));
  const first = await pool.take();
  first.onMessage(follow);
  const killFromOutside = await arrange(environment, gap, name, { late: (turn + SIDES.indexOf(side)) % 2 === 1 }, first);
  first.tell({ type: 'work', queue: name, side, ...(killFromOutside ? {} : { killAt: gap }) });
  const gate = join(environment.directory, name);
  const input = { name, word: `echo-${name}`, ...(RECONNECTS.includes(gap) && { gate }) };
  const job = await runtime.start(name, input, { old: true });
  try {
    const died = await within(DEADLINE, first.ended);
    if (died === undefined) first.kill();
    const submissions = (): Promise<number> => batch.submissions(name);
    if (died !== 'SIGKILL')
      return { submissions: await submissions(), result: false, ambiguous: false, decisions, trouble: `${gap} was not reached` };

    const second = gap === 'G12' && runtime.completesBeforeG12 ? undefined : await pool.take();
    let following = true;
    second?.onMessage((message) => {
      if (!following) return;
      follow(message);
      if (message.type === 'decision') void writeFile(gate, '');
    });
    second?.tell({ type: 'work', queue: name, side });
    const ended = await job.end(DEADLINE);
    if (second) await stop(second, pool);
    following = false;
    return {
      submissions: await submissions(),
      result: ended?.result === input.word,
      ambiguous: ended?.ambiguous ?? false,
      decisions,
      ...(ended === undefined && { trouble: 'the job never ended' }),
    };
  } finally {
    await job.close();
  }
}

/**
 * Gaps that need the far side's help: it holds the request or the reply, and the worker is killed meanwhile. A request that
 * was on its way is accepted late or never: in turns, and of the first turns too each is one. Says whether the gap is one of
 * them.
 */
async function arrange(
  { batch, onBatchEvent }: Environment,
  gap: Gap,
  name: string,
  { late }: { late: boolean },
  worker: CrashWorker,
): Promise<boolean> {
  if (gap !== 'G4' && gap !== 'G5') return false;
  onBatchEvent(name, (event) => event.event === 'held' && worker.kill());
  await batch.fault(name, gap === 'G4' ? { hold: 'request', afterwards: late ? 'accept' : 'drop' } : { hold: 'reply' });
  return true;
}

/**
 * Gives the namespace its first job, so that the cells' jobs are those of a namespace that has long been in use. Until then a job
 * that died before it used any state cannot be told from one whose state was lost.
 */
export async function firstUse({ pool, runtime }: Environment): Promise<void> {
  const name = 'first-use';
  const worker = await pool.take();
  worker.tell({ type: 'work', queue: name, side: 'keyed' });
  const job = await runtime.start(name, { name, word: 'used' }, { old: false });
  try {
    await job.end(DEADLINE);
    await stop(worker, pool);
    await runtime.aged();
  } finally {
    await job.close();
  }
}

/** Takes a worker off its queue; one that does not stop is killed. */
async function stop(worker: CrashWorker, pool: Pool): Promise<void> {
  const stopped = new Promise<true>((resolve) => worker.onMessage((message) => message.type === 'stopped' && resolve(true)));
  worker.tell({ type: 'stop' });
  if (await within(DEADLINE, stopped)) pool.give(worker);
  else worker.kill();
}

async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, ms, undefined)));
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** The batch service as the external system of one run: it holds requests and replies, and its jobs wait until somebody has met them again. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ACTS, reach } from '../../drill/harness/acts.ts';
import type { Place } from '../../drill/harness/cell.ts';
import type { Act, CellSystem, Stage } from '../../drill/harness/stage.ts';
import type { CrashWorker } from '../../drill/harness/pool.ts';
import { outcomeWithin } from '../../drill/harness/outcome-within.ts';
import type { Gap } from '../../src/job/protocol/crash-point.ts';
import type { BatchEvent } from '../batch-service/events.ts';
import { SYSTEM_KINDS } from '../batch-service/job.ts';
import type { BatchProcess } from '../children.ts';
import type { End } from './ends.ts';
import { FAILURES, type EchoInput, type EchoWork } from './messages.ts';
import type { CrashRuntime } from './runtime.ts';
import { startCluster } from './metastore/cluster.ts';
import type { CrashMetastore } from './metastore/metastore.ts';
import { startSentinel } from './metastore/sentinel.ts';
import { startSingle } from './metastore/single.ts';

/** What happens to a metastore of the run alone, by the way in which the attempt is disturbed. */
const METASTORES: Partial<Record<End, (runtime: CrashRuntime) => Promise<CrashMetastore>>> = {
  outage: startSingle,
  failover: (runtime) => startSentinel('failover', runtime),
  freeze: (runtime) => startSentinel('freeze', runtime),
  node: (runtime) => startCluster('node', runtime),
  reshard: (runtime) => startCluster('reshard', runtime),
};

/** In these gaps the next attempt is to meet a job that still runs. */
const RECONNECTS: readonly Gap[] = ['G7', 'G8', 'G9'];
/** In these gaps the external job has ended. */
const OVER: readonly Gap[] = ['G10', 'G11', 'G12'];

/** After these ends an attempt waits for the end of a submit that another one began. */
const WAITED_FOR: readonly End[] = ['kill', 'stall'];
/** So often a job may fail: a submit with little patience fails on a busy machine, and no end but a failure may cost an attempt. */
const ATTEMPTS: Partial<Record<End, number>> = { kill: 3, stall: 3, failure: FAILURES + 1 };

/** What all cells share. */
export interface Environment {
  runtime: CrashRuntime;
  /** For files that cells make. */
  directory: string;
  batch: BatchProcess;
  /** Follows the batch service's events of one name. */
  onBatchEvent(name: string, listener: (event: BatchEvent) => void): void;
}

/** The external system of a cell that is run for the n-th time. */
export async function batchSystem(environment: Environment, place: Place<End>, turn: number): Promise<CellSystem> {
  const { batch, runtime, directory } = environment;
  const { end, gap, system } = place;
  const name = `${end}-${gap}-${system}-${turn}`;
  const gate = join(directory, name);
  const metastore = await METASTORES[end]?.(runtime);
  // An external job whose end is awaited runs until somebody has met it again; one that is to be cancelled, for ever.
  const waits = end === 'cancel' ? !OVER.includes(gap) : RECONNECTS.includes(gap);
  const word = `echo-${name}`;
  const input: EchoInput = { name, word, ...(waits && { gate }), ...(end === 'failure' && { failures: FAILURES }) };
  const extra: EchoWork = {
    system,
    patience: WAITED_FOR.includes(end) ? 'short' : 'long',
    ...(metastore && { metastore: metastore.address }),
  };
  const act = metastore ? disturbed(metastore) : end === 'failure' ? failure : undefined;
  return {
    queue: name,
    input,
    extra,
    attempts: ATTEMPTS[end] ?? 1,
    releases: end === 'release',
    ...(act && { act }),
    arm: (first) => arm(environment, { name, place, turn, first }),
    open: () => void writeFile(gate, ''),
    count: async (ended) => ({
      submissions: await batch.submissions(name),
      running: ended?.cancelled ? await batch.running(name) : 0,
      result: ended?.result === word,
    }),
    close: async () => metastore?.stop(),
  };
}

/** The job that gives a namespace its first use. */
export function firstUse(): CellSystem {
  const name = 'first-use';
  const extra: EchoWork = { system: 'keyed', patience: 'long' };
  return {
    queue: name,
    input: { name, word: 'used' } satisfies EchoInput,
    extra,
    attempts: 1,
    releases: false,
    open: () => undefined,
    count: async (ended) => ({ submissions: 1, running: 0, result: ended?.result === 'used' }),
    close: async () => undefined,
  };
}

/**
 * What the external system does in G4 and G5. It holds the request or the reply while the worker is killed: a request that was on its way is accepted
 * late or never, in turns, and of the first turns too each is one. A release in G4 is its asking for patience.
 */
async function arm(
  { batch, onBatchEvent }: Environment,
  { name, place: { end, gap, system }, turn, first }: { name: string; place: Place<End>; turn: number; first: CrashWorker },
): Promise<boolean> {
  if (end === 'release' && gap === 'G4') await batch.fault(name, { hold: 'nothing', answer: 429 });
  if (end !== 'kill' || (gap !== 'G4' && gap !== 'G5')) return false;
  const late = (turn + SYSTEM_KINDS.indexOf(system)) % 2 === 1;
  onBatchEvent(name, (event) => event.event === 'held' && first.kill());
  await batch.fault(name, gap === 'G4' ? { hold: 'request', afterwards: late ? 'accept' : 'drop' } : { hold: 'reply' });
  return true;
}

/** Something happens to the metastore in the gap, and the same attempt goes on. */
function disturbed(metastore: CrashMetastore): Act {
  return async (stage) => {
    const acted = await reach(stage);
    if (acted.trouble !== undefined) return acted;
    const goOn = (): void => stage.first.tell({ type: 'go-on' });
    await metastore.disturb(goOn, async (ms) => void (await outcomeWithin(ms, acted.job.end(ms))));
    stage.system.open();
    return acted;
  };
}

/** The external job fails by itself; in G11 the worker closes as that is written. */
async function failure(stage: Stage): ReturnType<Act> {
  if (stage.gap === 'G11') return ACTS.deploy(stage);
  stage.begin();
  return { job: await stage.start() };
}

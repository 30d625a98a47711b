import type { CallOptions } from '../../async/deadline.ts';
import type { ServerFacts } from '../../metastore/metastore.ts';
import { isMooringError } from '../../model/errors/store.ts';
import type { Internals } from '../../state-store/internals.ts';
import type { Findings } from './finding.ts';
import { clockFinding } from './skew.ts';

/** What `doctor()` says of the metastore: can it be used, does it keep what it was given, is it swept. */

const DAY = 86_400_000;
/** Objects of forgotten entries are then found by `reconcile()` alone. */
const LATEST_SWEEP = 6 * DAY;
const COUNTED = 1_000;

/** Looks at the metastore; resolves with false if it cannot be used at all. */
export async function examineMetastore(core: Internals, findings: Findings, call: CallOptions): Promise<boolean> {
  const { metastore } = core;
  const usable = await findings.look('metastore', remedyOf, async () => {
    await metastore.ready(call);
    findings.ok('metastore', `${metastore.name} answers and can be written to`);
  });
  if (!usable) return false;
  await findings.look('facts', 'Let the user of Redis run INFO.', async () => {
    const asked = core.clock.now();
    const { servers, now } = await metastore.facts(call);
    clockFinding(findings, 'clock', metastore.name, now, [asked, core.clock.now()]);
    if (servers.length === 0)
      findings.warning('persistence', 'state is kept in this process and ends with it', 'Use redisMetastore().');
    for (const server of servers) examineServer(server, findings);
  });
  await findings.look('sweep', 'See that the metastore can be read.', () => examineSweeps(core, findings, call));
  return true;
}

/** A server that answers is neither to be started nor to be found: the word in its refusal says what it lacks. */
function remedyOf(error: unknown): string {
  return isMooringError(error) && error.message.includes('[OOM]') ? FULL : UNREACHED;
}

const UNREACHED = 'Start the server, correct the address, or give its user the right to write.';
const FULL =
  'Raise maxmemory, or free memory: `mooring sweep` removes what has ended, and removeOnComplete of BullMQ the jobs that are over.';

function examineServer(server: ServerFacts, findings: Findings): void {
  const { product, version, evictionPolicy, persistence, replicas } = server;
  if (version === undefined) {
    findings.warning('facts', 'the server does not say what it is', 'Let the user of Redis run INFO, to have it looked at.');
    return;
  }
  findings.ok('version', `${product} ${version}`);
  if (evictionPolicy === 'noeviction') findings.ok('eviction-policy', 'maxmemory-policy is noeviction');
  else {
    findings.error(
      'eviction-policy',
      `maxmemory-policy is ${evictionPolicy ?? 'not known'}: Redis may drop state when its memory is full, and external jobs are then submitted again`,
      'Set maxmemory-policy to noeviction, as BullMQ asks for too.',
    );
  }
  if (!persistence) return;
  const { appendOnlyFile, snapshots, failing } = persistence;
  const copies = replicas === undefined || replicas === 0 ? '' : ` (${replicas} replicas follow it)`;
  const remedy = 'Set appendonly to yes; if a write must outlive the server at once, give redisMetastore() a durability.';
  if (failing) findings.error('persistence', 'the last save of Redis to its disk failed', "Look at the server's log and disk.");
  else if (appendOnlyFile) findings.ok('persistence', `the append-only file is on${copies}`);
  else if (snapshots === false)
    findings.warning('persistence', `nothing is on disk: state ends with the server${copies}`, remedy);
  else {
    findings.warning(
      'persistence',
      `the append-only file is off: what was written since the last snapshot is lost with the server${copies}`,
      remedy,
    );
  }
}

async function examineSweeps({ metastore }: Internals, findings: Findings, call: CallOptions): Promise<void> {
  const now = await metastore.now(call);
  const late = await countDue(metastore.sweep.due(now - LATEST_SWEEP, call));
  if (late > 0) {
    findings.warning(
      'sweep',
      `something in ${atMost(late)} has been due for more than 6 days: no sweep has removed it`,
      'Run sweep() or `mooring sweep` at least every 6 days, better every hour; then reconcile() once.',
    );
    return;
  }
  const due = await countDue(metastore.sweep.due(now, call));
  findings.ok('sweep', due === 0 ? 'nothing is due' : `something in ${atMost(due)} is due, for less than 6 days`);
}

async function countDue(paths: AsyncIterable<string>): Promise<number> {
  let count = 0;
  for await (const _path of paths) {
    count += 1;
    if (count === COUNTED) break;
  }
  return count;
}

function atMost(count: number): string {
  if (count === COUNTED) return `${COUNTED} scopes or more`;
  return count === 1 ? '1 scope' : `${count} scopes`;
}

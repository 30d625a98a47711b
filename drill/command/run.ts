import { EXIT, type CommandOutcome } from '../../src/cli/outcome.ts';
import type { DrillOrder } from '../../src/cli/tools.ts';
import { count } from '../../src/cli/words.ts';
import type { Certificate } from './certificate.ts';
import { factsOfDrill } from './facts.ts';
import { loadDrill, moduleUrl } from './load.ts';
import { perform, type DrillProcess } from './perform.ts';
import { planOf } from './plan.ts';
import { certificateText } from './text.ts';

/** `mooring drill`, from its order to its outcome. */

/**
 * Runs a drill. Whatever becomes of it, nothing of it is left in Redis.
 *
 * @throws {@link UsageError} if the module is no drill. {@link ConfigError} if a package is missing. {@link StoreUnavailableError} if
 * Redis is. The reason of the signal.
 */
export async function runDrill(order: DrillOrder, work: DrillProcess): Promise<CommandOutcome> {
  const drill = await loadDrill(moduleUrl(order.module), order.module);
  const facts = factsOfDrill(drill);
  const plan = planOf(order, facts);
  const { runs, jobs, notes } = plan;
  const said = `${count(runs.length + 1, 'run')}, at most ${count(jobs, 'job')} in the external system, ${order.concurrency} at the same time`;
  if (order.dryRun) {
    const cells = runs.map(({ end, gap, turn }) => ({ end, gap, turn }));
    return { code: EXIT.ok, report: { dryRun: true, facts, jobs, runs: cells, notes }, lines: [said], notes };
  }
  work.note(said);
  const certificate = await perform(order, work, { drill, facts, plan });
  return { code: exitCode(certificate), report: certificate, lines: certificateText(certificate) };
}

/** What the definition did wrong outweighs what could not be tried. */
function exitCode({ totals, passed }: Certificate): number {
  if (passed) return EXIT.ok;
  return totals.doubles + totals.lostJobs + totals.lostResults + totals.others > 0 ? EXIT.failed : EXIT.usage;
}

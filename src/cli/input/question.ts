import type { Work } from '../command.ts';
import type { Flags, Given } from '../flags.ts';
import { EXIT, type CommandOutcome } from '../outcome.ts';
import { UsageError } from '../usage-error.ts';

/** The question before something is destroyed. */

/** The flag that answers it. */
export const YES: Flags = { yes: { short: 'y', holds: 'do it without asking; needed if nobody can be asked' } };

/** The outcome if the answer was no. */
export const REFUSED: CommandOutcome = { code: EXIT.failed, report: { done: false }, lines: [], notes: ['Nothing was changed.'] };

/**
 * The way to ask, before anything is looked at.
 *
 * @throws {@link UsageError} if nobody can be asked, and `--yes` was not given.
 */
export function questioner(given: Given, { input, terminal, json, signal }: Work): (question: string) => Promise<boolean> {
  if (given.has('yes')) return async () => true;
  if (json) throw new UsageError('with --json nobody is asked: add --yes if it is to be done');
  if (!input.isTerminal || !terminal.canAsk) throw new UsageError('nobody can be asked here: add --yes if it is to be done');
  return async (question) => {
    terminal.ask(`${question} [y/N] `);
    const answer = await input.line(signal);
    if (answer === undefined) terminal.note('');
    return /^\s*y(?:es)?\s*$/i.test(answer ?? '');
  };
}

import type { Command } from './command.ts';
import { adoptCommand } from './commands/answers/adopt.ts';
import { notSubmittedCommand } from './commands/answers/not-submitted.ts';
import { reopenCommand } from './commands/answers/reopen.ts';
import { retryCommand } from './commands/answers/retry.ts';
import { boardCommand } from './commands/board.ts';
import { completionCommand } from './commands/completion/completion.ts';
import { doctorCommand } from './commands/doctor.ts';
import { drillCommand } from './commands/drill.ts';
import { jobsCommand } from './commands/jobs/jobs.ts';
import { orphansCommand } from './commands/jobs/orphans.ts';
import { lifecycleCommand } from './commands/lifecycle/lifecycle.ts';
import { lostCommand } from './commands/lost/lost.ts';
import { recoverCommand } from './commands/recover.ts';
import { showCommand } from './commands/show/show.ts';
import { cancelCommand } from './commands/stopping/cancel.ts';
import { clearCommand } from './commands/stopping/clear.ts';
import { forgetCommand } from './commands/stopping/forget.ts';
import { reconcileCommand, sweepCommand } from './commands/sweep.ts';
import { getCommand } from './commands/values/get.ts';
import { rmCommand } from './commands/values/rm.ts';
import { setCommand } from './commands/values/set.ts';

/** The commands, in the order of the help. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['jobs', jobsCommand],
  ['show', showCommand],
  ['orphans', orphansCommand],
  ['lost', lostCommand],
  ['board', boardCommand],
  ['adopt', adoptCommand],
  ['not-submitted', notSubmittedCommand],
  ['reopen', reopenCommand],
  ['retry', retryCommand],
  ['cancel', cancelCommand],
  ['clear', clearCommand],
  ['forget', forgetCommand],
  ['get', getCommand],
  ['set', setCommand],
  ['rm', rmCommand],
  ['sweep', sweepCommand],
  ['reconcile', reconcileCommand],
  ['recover', recoverCommand],
  ['doctor', doctorCommand],
  ['lifecycle', lifecycleCommand],
  ['drill', drillCommand],
  ['completion', completionCommand(() => COMMANDS)],
]);

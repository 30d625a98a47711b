import type { Command, TextCommand } from '../../command.ts';
import { EXIT } from '../../outcome.ts';
import { UsageError } from '../../usage-error.ts';
import { bashCompletion } from './bash.ts';
import { fishCompletion } from './fish.ts';
import { completed, type CompletedCommand } from './subject.ts';
import { zshCompletion } from './zsh.ts';

/** `mooring completion`: what a shell needs to complete the commands and their flags. */

const SHELLS: Readonly<Record<string, (commands: readonly CompletedCommand[]) => string[]>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** The command, for all commands that there are. */
export function completionCommand(commands: () => ReadonlyMap<string, Command>): TextCommand {
  return {
    kind: 'text',
    summary: 'print what a shell needs to complete commands and flags',
    operands: Object.keys(SHELLS).join('|'),
    flags: {},
    about: ['Looks into no store: names of queues and jobs are not completed.'],
    examples: [
      ['eval "$(mooring completion bash)"', 'in ~/.bashrc'],
      ['eval "$(mooring completion zsh)"', 'in ~/.zshrc, after compinit'],
      ['mooring completion fish | source', 'in ~/.config/fish/config.fish'],
    ],
    run({ positionals: [shell, ...more] }) {
      const make = shell !== undefined && Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
      if (!make || more.length > 0) throw new UsageError(`completion needs one word more: ${Object.keys(SHELLS).join(', ')}`);
      const lines = make(completed(commands()));
      return { code: EXIT.ok, report: { shell, script: lines.join('\n') }, lines };
    },
  };
}

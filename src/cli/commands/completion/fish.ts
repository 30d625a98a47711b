import type { CompletedCommand, CompletedFlag } from './subject.ts';

/** Completion for fish. */
export function fishCompletion(commands: readonly CompletedCommand[]): string[] {
  return [
    '# Completion of mooring for fish: mooring completion fish | source',
    'complete -c mooring -f',
    ...commands.map(({ name, summary }) => `complete -c mooring -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`),
    ...commands.flatMap(ofCommand),
  ];
}

function ofCommand({ name, flags, operands }: CompletedCommand): string[] {
  const start = `complete -c mooring -n '__fish_seen_subcommand_from ${name}'`;
  return [
    ...(operands === 'text' ? [] : [`${start} ${operands === 'file' ? '-F' : `-a ${quoted(operands.join(' '))}`}`]),
    ...flags.map((flag) => `${start} -l ${flag.name}${shortOf(flag)}${valueOf(flag)} -d ${quoted(flag.holds)}`),
  ];
}

function shortOf({ short }: CompletedFlag): string {
  return short === undefined ? '' : ` -s ${short}`;
}

function valueOf({ value }: CompletedFlag): string {
  if (value === undefined) return '';
  if (value === 'file') return ' -r -F';
  return value === 'text' ? ' -x' : ` -x -a ${quoted(value.join(' '))}`;
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, String.raw`\$&`)}'`;
}

import type { CompletedCommand, CompletedFlag } from './subject.ts';

/** Completion for zsh, to be sourced or kept as `_mooring` in a folder of `fpath`. */
export function zshCompletion(commands: readonly CompletedCommand[]): string[] {
  return [
    '#compdef mooring',
    '# Completion of mooring for zsh: eval "$(mooring completion zsh)"',
    '_mooring() {',
    '  local -a commands',
    '  commands=(',
    ...commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(':', String.raw`\:`)}`)}`),
    '  )',
    "  if (( CURRENT == 2 )); then _describe 'command' commands; return; fi",
    '  local command=$words[2]',
    '  shift words',
    '  (( CURRENT-- ))',
    '  case $command in',
    ...commands.map(({ name, flags, operands }) => {
      const specs = [...flags.flatMap(specsOf), `*:operand:${actionOf(operands)}`];
      return `    ${name}) _arguments ${specs.map(quoted).join(' ')} ;;`;
    }),
    '  esac',
    '}',
    'if [ "$funcstack[1]" = "_mooring" ]; then _mooring "$@"; else compdef _mooring mooring; fi',
  ];
}

function specsOf({ name, short, holds, value, many }: CompletedFlag): string[] {
  const about = `[${holds.replace(/[[\]:\\]/g, String.raw`\$&`)}]`;
  const follows = value === undefined ? '' : `:${name}:${actionOf(value)}`;
  const names = [`--${name}`, ...(short === undefined ? [] : [`-${short}`])];
  return names.map((one) => `${many ? '*' : ''}${one}${about}${follows}`);
}

function actionOf(value: readonly string[] | 'file' | 'text'): string {
  if (value === 'file') return '_files';
  return value === 'text' ? ' ' : `(${value.join(' ')})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

import type { CompletedCommand, CompletedFlag } from './subject.ts';

/** Completion for bash 3.2 and later, without the package bash-completion. */
export function bashCompletion(commands: readonly CompletedCommand[]): string[] {
  return [
    '# Completion of mooring for bash: eval "$(mooring completion bash)"',
    '_mooring() {',
    "  local IFS=$' \\t\\n' word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=",
    '  COMPREPLY=()',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    words='${commands.map(({ name }) => name).join(' ')} --help --version'`,
    '  else',
    '    case "${COMP_WORDS[1]}" in',
    ...commands.flatMap(ofCommand),
    '    *) return ;;',
    '    esac',
    '  fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    '}',
    'complete -o default -F _mooring mooring',
  ];
}

function ofCommand({ name, flags, operands }: CompletedCommand): string[] {
  const words = [...(typeof operands === 'string' ? [] : operands), ...flags.map((flag) => `--${flag.name}`)];
  const known = flags.filter(({ value }) => Array.isArray(value));
  const free = flags.filter(({ value }) => value === 'file' || value === 'text').map((flag) => `--${flag.name}`);
  return [
    `    ${name})`,
    `      words='${words.join(' ')}'`,
    '      case "$before" in',
    ...known.map((flag) => `      --${flag.name}) words='${wordsOf(flag).join(' ')}' ;;`),
    ...(free.length === 0 ? [] : [`      ${free.join('|')}) return ;;`]),
    '      esac ;;',
  ];
}

function wordsOf({ value }: CompletedFlag): readonly string[] {
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

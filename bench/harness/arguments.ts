import { parseArgs } from 'node:util';
import { numbers, type Settings } from './settings.ts';

/** The command line of `npm run bench`. */

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean', default: false } as const;
const OPTIONS = {
  against: TEXT,
  rounds: TEXT,
  seconds: TEXT,
  sizes: TEXT,
  lanes: TEXT,
  keys: TEXT,
  jobs: TEXT,
  scopes: TEXT,
  peers: FLAG,
  json: FLAG,
  help: FLAG,
} as const;

/** What was asked for. */
export interface Asked {
  readonly names: readonly string[];
  readonly against: string | undefined;
  readonly json: boolean;
  readonly help: boolean;
  readonly settings: Settings;
}

/**
 * Reads the command line.
 *
 * @throws Error that names the option.
 */
export function readArguments(args: readonly string[]): Asked {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  const { against, json, help, peers } = values;
  const settings: Record<string, unknown> = { rounds: 5, peers };
  for (const option of ['sizes', 'lanes', 'scopes'] as const) {
    if (values[option] !== undefined) settings[option] = numbers(option, values[option]);
  }
  for (const option of ['rounds', 'keys', 'jobs'] as const) {
    if (values[option] !== undefined) [settings[option]] = numbers(option, values[option]);
  }
  if (values.seconds !== undefined) {
    settings['seconds'] = Number(values.seconds);
    if (!(Number(values.seconds) > 0)) throw new Error('--seconds: must be a number above 0');
  }
  return { names: positionals, against, json, help, settings: settings as unknown as Settings };
}

/** The text of `--help`. */
export function helpText(benches: Readonly<Record<string, string>>): string {
  const names = Object.entries({
    ...benches,
    all: 'every one of these but object-store and parts: some ten minutes with --rounds 3',
  });
  return `npm run bench -- [options] NAME...

Measures in turns, in an order that each round draws anew, on servers of its own: minimum, median, maximum, and the ratio to
the plain client that does the same. CPU is that of one operation, in this process and in Redis. See bench/README.md.

${names.map(([name, about]) => `  ${name.padEnd(14)}  ${about}`).join('\n')}

  --against REF   another commit of this project, built into a temporary folder and measured beside this checkout
  --peers         other libraries, too; they are installed once, into the cache below the home folder
  --rounds N      rounds that count; one more warms up (5)
  --seconds N     how long an operation is repeated in one round (0.4)
  --sizes A,B     bytes of a value, as 256 or 16k
  --lanes A,B     operations, or jobs, in flight
  --keys N        keys that the values are spread over
  --jobs N        jobs of a round
  --scopes A,B    scopes that exist
  --json          print one JSON object and nothing else (npm run --silent bench -- --json)
  --help          this text
`;
}

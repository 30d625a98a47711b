import { parseArgs } from 'node:util';
import { LENGTH_OF_TIME, lengthOfTime } from '../model/duration.ts';
import { UsageError } from './usage-error.ts';

/** Flags: what each command takes, and what they say. */

/** A flag. One without `value` is on or off. */
export interface Flag {
  readonly value?: string;
  /** The words that it takes, if there are no others; for completion. */
  readonly words?: readonly string[];
  readonly holds: string;
  readonly short?: string;
  /** Whether it may be given several times. */
  readonly many?: true;
}

/** Flags by their name. */
export type Flags = Readonly<Record<string, Flag>>;

/** What was given. */
export interface Given {
  readonly positionals: readonly string[];
  has(name: string): boolean;
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
}

/**
 * Reads what follows the name of the command.
 *
 * @throws {@link UsageError}
 */
export function readFlags(args: readonly string[], flags: Flags): Given {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { value, short, many }]) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        multiple: many === true,
        ...(short && { short }),
      },
    ]),
  );
  const { values, positionals } = parsed(args, options);
  const texts = (name: string): readonly string[] => {
    const given = values[name];
    return (Array.isArray(given) ? given : [given]).filter((text) => typeof text === 'string');
  };
  for (const name of Object.keys(values)) {
    if (texts(name).some((text) => text.trim() === '')) throw new UsageError(`--${name} must not be empty`);
  }
  return { positionals, has: (name) => values[name] === true, text: (name) => texts(name)[0], texts };
}

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

function parsed(args: readonly string[], options: Options): Pick<ReturnType<typeof parseArgs>, 'values' | 'positionals'> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    const [line = ''] = (error as Error).message.split(/\.? To specify|\n/);
    throw new UsageError(line.charAt(0).toLowerCase() + line.slice(1), { cause: error });
  }
}

/**
 * A length of time.
 *
 * @throws {@link UsageError}
 */
export function readDuration(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = lengthOfTime(text);
  if (value === undefined) throw new UsageError(`--${name} ${LENGTH_OF_TIME.replace(/ or a number.*/, '')} or '7d'`);
  return value;
}

/**
 * A whole number of at least 1.
 *
 * @throws {@link UsageError}
 */
export function readCount(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--${name} must be a whole number of at least 1`);
  return Number(text);
}

/**
 * A share: 0.1 or 10%.
 *
 * @throws {@link UsageError}
 */
export function readShare(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number = '', percent] = /^(\d+(?:\.\d+)?)(%)?$/.exec(text) ?? [];
  const share = Number(number) / (percent ? 100 : 1);
  if (number === '' || share > 1) throw new UsageError(`--${name} must be a share from 0 to 1, such as 0.1 or 10%`);
  return share;
}

import { receivedKind, MooringError, received } from './family.ts';

/** An invalid option or call. Nothing was written. */
export class ConfigError extends MooringError<'mooring.config'> {
  readonly code = 'mooring.config' as const;
  /** The option, by its name. */
  readonly option: string;
  constructor(option: string, rule: string, ...value: [] | [unknown]) {
    super(`${option} ${rule}${value.length > 0 ? `, received ${received(value[0])}` : ''}`, false);
    this.option = option;
  }
}

/** The error for something else than an object or a function. It shows what kind of thing was received, never its text. */
export function wrongKind(option: string, rule: string, value: unknown): ConfigError {
  return new ConfigError(option, `${rule}, received ${receivedKind(value)}`);
}

import { MooringError, received } from './family.ts';

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

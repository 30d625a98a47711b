import { ConfigError } from '../model/errors/store.ts';

/** An error of a bad option, with the name that the user gave the option by; any other error unchanged. */
export function renamed(error: unknown, nameOf: (option: string) => string | undefined): unknown {
  const name = error instanceof ConfigError ? nameOf(error.option) : undefined;
  if (name === undefined || !(error instanceof ConfigError)) return error;
  return new ConfigError(name, error.message.slice(error.option.length + 1));
}

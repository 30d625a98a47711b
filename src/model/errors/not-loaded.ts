import { ConfigError } from './config.ts';

/** Packages that the user installs. */

/** What loaders say of a package that is not there: the second is the code of `require()`, and of Yarn Plug'n'Play. */
const NOT_FOUND: readonly (string | undefined)[] = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'];

/** How they name it. A package that is there, and lacks another, is named in other words. */
function namesMissing(message: string, name: string): boolean {
  return [`'${name}'`, `"${name}"`, `tried to access ${name} `, `tried to access ${name},`].some((words) =>
    message.includes(words),
  );
}

/**
 * What is told about a package that cannot be loaded.
 *
 * @param option - What needs it.
 */
export function notLoaded(error: unknown, name: string, option: string): ConfigError {
  const { code, message } = error as NodeJS.ErrnoException;
  const missing = NOT_FOUND.includes(code) && namesMissing(message, name);
  const why = missing ? 'which is not installed' : `which cannot be loaded (${code ?? message.split('\n')[0]})`;
  return new ConfigError(option, `needs the package ${name}, ${why}: npm install ${name}`);
}

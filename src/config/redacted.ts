import { inspect } from 'node:util';

/**
 * A copy of options for a client that a console, a log or JSON shows by the names of the options only. It stays so when the object
 * that holds it is copied.
 */
export function redacted(options: object): object {
  const shown = (): string => `[redacted: ${Object.keys(options).join(', ')}]`;
  return Object.freeze(Object.defineProperties({ ...options }, { toJSON: { value: shown }, [inspect.custom]: { value: shown } }));
}

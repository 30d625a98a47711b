import { messageOf, plainWords } from '../model/reason.ts';
import type { Logger } from './logger.ts';

/**
 * What a logger is told of errors. Clients hang the whole request on an error, with its credentials, and what it carried; a logger
 * prints all of that. So a line has an error's name, text, stack and codes, and those of its causes, and nothing else.
 */

const DEPTH = 5;
const KEPT = ['code', 'status', 'statusCode', 'errno', 'syscall', 'retryable', 'scope', 'key', 'store'] as const;

/** The same logger, to which errors are told without what hangs on them. It throws what the logger throws. */
export function guardedLogger(logger: Logger): Logger {
  const say =
    (level: keyof Logger) =>
    (fields: object, message: string): void =>
      logger[level](plainFields(fields), message);
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}

/** Fields of a line: of an error, only what is safe. */
export function plainFields(fields: object): object {
  return 'err' in fields ? { ...fields, err: plainError(fields.err, DEPTH) } : fields;
}

function plainError(error: unknown, depth: number): Error {
  const { name, stack, cause } = (error instanceof Error ? error : {}) as Partial<Error>;
  const plain = new Error(
    plainWords(messageOf(error)),
    cause === undefined || depth === 0 ? {} : { cause: plainError(cause, depth - 1) },
  );
  if (typeof name === 'string') Object.defineProperty(plain, 'name', { value: name });
  if (typeof stack === 'string') Object.defineProperty(plain, 'stack', { value: plainWords(stack) });
  for (const field of KEPT) {
    const value = (error as Record<string, unknown> | null | undefined)?.[field];
    if (value !== undefined) Object.assign(plain, { [field]: value });
  }
  return plain;
}

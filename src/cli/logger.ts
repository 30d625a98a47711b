import type { Logger } from '../observe/logger.ts';
import type { Terminal } from './terminal.ts';

/** What the library logs, as lines in addition to the result: warnings and errors, and the rest if it was asked for. */
export function terminalLogger(terminal: Terminal, verbose: boolean): Logger {
  const say =
    (level: string) =>
    (fields: object, message: string): void => {
      const found = Object.entries(fields).flatMap(([name, value]: [string, unknown]) => {
        const text = value instanceof Error ? value.message : value;
        return ['string', 'number', 'boolean'].includes(typeof text) ? [`${name}=${String(text).replace(/\s+/g, ' ')}`] : [];
      });
      terminal.note(`${level}: ${message}${found.length > 0 ? ` (${found.join(', ')})` : ''}`);
    };
  const quiet = (): void => undefined;
  return {
    error: say('error'),
    warn: say('warning'),
    info: verbose ? say('info') : quiet,
    debug: verbose ? say('debug') : quiet,
  };
}

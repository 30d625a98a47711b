/** Gets the library's log lines; the console and pino fit. Values and credentials are never logged. */
export type Logger = Record<'debug' | 'info' | 'warn' | 'error', (fields: object, message: string) => void>;

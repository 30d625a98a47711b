/** Where the library says what it did; the console and pino fit. Values and credentials are never logged. */
export type Logger = Record<'debug' | 'info' | 'warn' | 'error', (fields: object, message: string) => void>;

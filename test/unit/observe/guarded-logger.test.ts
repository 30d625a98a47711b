import { describe, expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import { createStateStore, isMooringError, StoreUnavailableError, type Logger } from '../../../src/index.ts';
import { guardedLogger } from '../../../src/observe/guarded-logger.ts';
import { memoryMetastore, memoryObjectStore } from '../../../src/testing.ts';
import { clientError, MARKS } from '../../support/marks.ts';

function heard() {
  const lines: [fields: { err?: Error }, message: string][] = [];
  const line = (fields: object, message: string): void => void lines.push([fields, message]);
  return { lines, logger: { debug: line, info: line, warn: line, error: line } satisfies Logger };
}

describe('an error in a log line', () => {
  test('tells no more of an error than name, text, stack and code, its causes included', () => {
    const { lines, logger } = heard();
    const error = Object.assign(clientError(), { name: 'AxiosError' });

    guardedLogger(logger).warn({ err: error, pause: 3 }, 'it failed');

    const [fields, message] = lines[0] ?? [];
    expect(message).toBe('it failed');
    expect(fields).toMatchObject({ pause: 3 });
    expect(fields?.err).toMatchObject({ name: 'AxiosError', message: error.message, stack: error.stack, code: 'ECONNREFUSED' });
    expect(fields?.err?.cause).toMatchObject({ message: 'the request failed' });
    expect(inspect(lines, { depth: 10, showHidden: true })).not.toMatch(new RegExp(Object.values(MARKS).join('|')));
  });

  test('has no user, password or query of an address in its text', () => {
    const { lines, logger } = heard();

    guardedLogger(logger).error(
      { err: new Error('GET https://me:hunter2@api.example.com/jobs?token=hunter2 failed') },
      'it failed',
    );

    expect(lines[0]?.[0].err?.message).toBe('GET https://…@api.example.com/jobs?… failed');
    expect(lines[0]?.[0].err?.stack).not.toContain('hunter2');
  });

  test('keeps what tells where an error of a store happened', () => {
    const { lines, logger } = heard();

    guardedLogger(logger).error(
      { err: new StoreUnavailableError('away', { store: 'redis', cause: clientError() }) },
      'it failed',
    );

    expect(lines[0]?.[0].err).toMatchObject({ code: 'mooring.store-unavailable', retryable: true, store: 'redis' });
    expect(isMooringError(lines[0]?.[0].err)).toBe(false);
  });

  test('may be anything that was thrown, as deep as it goes', () => {
    const { lines, logger } = heard();
    const round: Error = new Error('round');
    round.cause = round;

    guardedLogger(logger).error({ err: round }, 'it failed');
    guardedLogger(logger).error({ err: { password: 'hunter2' } }, 'it failed');
    guardedLogger(logger).error({ err: undefined }, 'it failed');

    expect(lines.map(([{ err }]) => err?.message)).toEqual(['round', '[object Object]', 'undefined']);
    expect(inspect(lines, { depth: 10 })).not.toContain('hunter2');
  });

  test('reaches the logger of a store so', async () => {
    const { lines, logger } = heard();
    const onEvent = (): never => {
      throw clientError();
    };
    const stores = { metastore: memoryMetastore(), objectStore: memoryObjectStore() };
    await using store = createStateStore({ ...stores, logger, onEvent, offloadThreshold: 0 });
    await store.task({ flow: 'f', run: 'r', task: 't' }).set('k', 1);

    expect(lines).toHaveLength(1);
    expect(inspect(lines, { depth: 10, showHidden: true })).not.toContain(MARKS.token);
  });
});

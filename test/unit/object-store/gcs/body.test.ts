import { describe, expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';
import type { Timer } from '../../../../src/async/deadline.ts';
import { readBody } from '../../../../src/object-store/gcs/body.ts';
import { until } from '../../../support/until.ts';

/** A timer that a test lets go off. */
function heldTimer(): { timer: Timer; waiting: Map<object, () => void>; fire(): void } {
  const waiting = new Map<object, () => void>();
  const timer: Timer = (_ms, fire) => {
    const id = {};
    waiting.set(id, fire);
    return () => waiting.delete(id);
  };
  return { timer, waiting, fire: () => [...waiting.values()].forEach((go) => go()) };
}

describe('a body', () => {
  it('is all that came, with the headers', async () => {
    const { timer } = heldTimer();
    const stream = new PassThrough();
    const body = readBody(stream, timer, undefined);

    stream.emit('response', { headers: { a: 'b' } });
    stream.write('ab');
    stream.end('c');

    await expect(body).resolves.toEqual({ bytes: Buffer.from('abc'), headers: { a: 'b' } });
  });

  it('leaves no timer', async () => {
    const { timer, waiting } = heldTimer();
    const stream = new PassThrough();
    const body = readBody(stream, timer, undefined);
    stream.emit('response', { headers: { a: 'b' } });
    stream.write('ab');
    stream.end('c');
    await body;

    expect(waiting.size).toBe(0);
  });

  it('that stands still is cut short: a client may not notice that its connection ended', async () => {
    const { timer, waiting, fire } = heldTimer();
    const stream = new PassThrough();
    const body = expect(readBody(stream, timer, undefined)).rejects.toMatchObject({ code: 'cut short' });
    expect(waiting.size).toBe(0);
    stream.emit('response', { headers: {} });
    stream.write('ab');
    fire();

    await body;
    expect(waiting.size).toBe(0);
  });

  it('that is closed before its end is cut short', async () => {
    const stream = new PassThrough();
    const body = expect(readBody(stream, heldTimer().timer, undefined)).rejects.toMatchObject({ code: 'cut short' });
    stream.destroy();

    await body;
  });

  it('is read to its end when nobody wants it any more', async () => {
    const { timer, waiting } = heldTimer();
    const controller = new AbortController();
    const stream = new PassThrough();
    const body = expect(readBody(stream, timer, controller.signal)).rejects.toThrow('enough');
    stream.emit('response', { headers: {} });
    stream.write('ab');
    controller.abort(new Error('enough'));
    await body;
    stream.write('cd');
    stream.end('ef');

    await until(() => stream.readableEnded);

    expect(stream.errored).toBeNull();
    expect(waiting.size).toBe(0);
  });

  it('that breaks after that harms nobody', async () => {
    const controller = new AbortController();
    const stream = new PassThrough();
    const body = expect(readBody(stream, heldTimer().timer, controller.signal)).rejects.toThrow('enough');
    controller.abort(new Error('enough'));
    await body;
    stream.destroy(new Error('reset'));

    await until(() => stream.closed);
  });
});

import { expect, test } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createInput } from '../../../../src/cli/input/stdin.ts';

/** What is typed, or piped in. */

const signal = new AbortController().signal;

test('a line is what was typed before Enter', async () => {
  const stream = new PassThrough();
  const input = createInput(() => stream);
  stream.write('yes\nmore');

  expect(await input.line(signal)).toBe('yes');
});

test('the end of the input is no line', async () => {
  const stream = new PassThrough();
  const input = createInput(() => stream);
  stream.end();

  expect(await input.line(signal)).toBeUndefined();
});

test('waiting for a line ends with the signal', async () => {
  const stop = new AbortController();
  const stream = new PassThrough();
  const line = createInput(() => stream).line(stop.signal);
  const reason = new Error('Ctrl-C');
  stop.abort(reason);

  await expect(line).rejects.toBe(reason);
  expect(stream.listenerCount('data')).toBe(0);
});

test('reading bytes ends with the signal', async () => {
  const stop = new AbortController();
  const stream = new PassThrough();
  const read = text(createInput(() => stream).bytes(stop.signal) as NodeJS.ReadableStream);
  stop.abort(new Error('Ctrl-C'));

  await expect(read).rejects.toThrow();
  expect(stream.destroyed).toBe(true);
});

test('a pipe is no terminal', () => {
  expect(createInput(() => new PassThrough()).isTerminal).toBe(false);
  expect(createInput(() => Object.assign(new PassThrough(), { isTTY: true })).isTerminal).toBe(true);
});

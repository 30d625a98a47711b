import { describe, expect, test } from '@jest/globals';
import {
  ADDRESS_ABOUT,
  ADDRESS_FLAGS,
  ADDRESS_OPERANDS,
  addressInWords,
  readAddress,
  readAddressed,
} from '../../../../src/cli/address/address.ts';
import { readFlags } from '../../../../src/cli/flags.ts';
import { UsageError } from '../../../../src/cli/usage-error.ts';

/** How a job is named on the command line. */

const read = (...args: string[]) => readAddress(readFlags(args, ADDRESS_FLAGS));

describe('an address', () => {
  test.each([
    ['a queue and an ID', ['transcode', '42'], { kind: 'queue', flow: 'bull:transcode', id: '42' }],
    ['another prefix', ['transcode', '42', '--prefix', 'eu'], { kind: 'queue', flow: 'eu:transcode', id: '42' }],
    ['a queue with its prefix', ['eu:transcode', '42'], { kind: 'queue', flow: 'eu:transcode', id: '42' }],
    ['a record', ['transcode', '42', '--key', 'audio'], { kind: 'queue', flow: 'bull:transcode', id: '42', key: 'audio' }],
    ['a workflow', ['--workflow', 'order-7'], { kind: 'workflow', workflow: 'order-7' }],
    ['an activity of it', ['--workflow', 'a', '--activity', 'b'], { kind: 'workflow', workflow: 'a', activity: 'b' }],
    ['an activity alone', ['--activity', 'b'], { kind: 'workflow', activity: 'b' }],
    ['a path', ['bull%3Aq/42%401/resize'], { kind: 'path', path: 'bull%3Aq/42%401/resize/-1' }],
    ['the path of an item', ['f/r/t/key=a'], { kind: 'path', path: 'f/r/t/key=a' }],
    ['a path with a slash at its end', ['f/r/t/'], { kind: 'path', path: 'f/r/t/-1' }],
  ])('is %s', (_what, args, address) => {
    expect(read(...args)).toEqual(expect.objectContaining(address));
  });

  test.each([
    ['nothing', [], /a job is missing: name it by QUEUE JOBID, by --workflow ID, or by its path/],
    ['a queue without a job', ['transcode'], /"transcode" is no path, and after a queue comes the ID of a job/],
    ['a path of an asset', ['assets/model/x'], /"assets\/model\/x" is no path/],
    ['a word too many', ['transcode', '42', '43'], /"43" is a word too many/],
    ['a word after a path', ['f/r/t', '43'], /"43" is a word too many/],
    ['a word with a workflow', ['42', '--workflow', 'a'], /"42" is a word too many/],
    ['a prefix twice', ['eu:transcode', '42', '--prefix', 'us'], /--prefix excludes a queue that is named with its prefix/],
    ['a prefix of a path', ['f/r/t', '--prefix', 'us'], /--prefix excludes a path/],
    ['a prefix of a workflow', ['--workflow', 'a', '--prefix', 'us'], /--prefix is for queues/],
  ])('is not %s', (_what, args, said) => {
    expect(() => read(...args)).toThrow(UsageError);
    expect(() => read(...args)).toThrow(said);
  });

  test('leaves the words that follow it', () => {
    const restOf = (...args: string[]) => readAddressed(readFlags(args, ADDRESS_FLAGS)).rest;

    expect(restOf('transcode', '42', 'ext-9')).toEqual(['ext-9']);
    expect(restOf('f/r/t', 'ext-9')).toEqual(['ext-9']);
    expect(restOf('--workflow', 'a', 'ext-9')).toEqual(['ext-9']);
  });

  test('is taken as the help shows it', () => {
    const shown = [...ADDRESS_ABOUT.join(' ').matchAll(/\(([^)]+)\)/g)].map(([, example = '']) => example.split(' '));

    expect(shown.map((args) => read(...args).kind)).toEqual(['queue', 'workflow', 'path']);
    expect(ADDRESS_OPERANDS).toBe('[QUEUE JOBID | PATH]');
  });

  test('is said in words that cannot move the cursor', () => {
    expect(addressInWords(read('q', '4\u001B[2J2'))).toBe(String.raw`job "4\u001b[2J2" of the queue "bull:q"`);
    expect(addressInWords(read('--workflow', 'a', '--activity', 'b', '--key', 'k'))).toBe(
      'the activity "b" of the workflow "a" and the key "k"',
    );
  });
});

import { describe, expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import { isMissingScript, translate } from '../../../../src/metastore/redis/errors.ts';

/** What becomes of errors of the client: they carry the arguments of their command, which no error of ours may. */

const KEY = 'mooring:{default:00}:f/r/t/-1';
const VALUE = 'a-value-that-no-error-may-hold';

/** An error as ioredis makes it: the command, with all its arguments, hangs on it. */
function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError', command: { name: 'evalsha', args: [VALUE] } });
}

function become(error: unknown, { writes = true, resent = false, examines = false } = {}) {
  const translated = translate(error, { key: KEY, writes, resent, examines });
  expect(inspect(translated, { depth: 10, showHidden: true })).not.toContain(VALUE);
  return translated;
}

/** How servers refuse a command to the user of a script, as each of them was heard to say it. A user may have any name. */
const REFUSED_IN_SCRIPT = {
  'Redis 6.2.5':
    "ERR Error running script (call to f_9b07): @user_script:94: @user_script: 94: The user executing the script can't run this command or subcommand ",
  'Redis 7.0.15': "ERR The user executing the script can't run this command or subcommand script: 9b07, on @user_script:94.",
  'Redis 8.2.3': `ERR ACL failure in script: User ${'u'.repeat(400)} has no permissions to run the 'zadd' command script: 9b07, on @user_script:94.`,
  'Valkey 8.1.8, with a user of a bad name': `ERR ACL failure in script: User OOM has no permissions to run the 'zadd' command script: 9b07, on @user_script:94.`,
  'Redict 7.3.6':
    "ERR ACL failure in script: User less has no permissions to run the 'hget' command script: 9b07, on @user_script:94.",
  'a script that passes on what pcall gave it': `NOPERM User ${'u'.repeat(400)} has no permissions to run the 'zadd' command script: 9b07, on @user_script:94.`,
};

describe('an error of Redis', () => {
  test.each(['OOM', 'READONLY', 'LOADING', 'NOREPLICAS', 'MISCONF', 'MASTERDOWN', 'CLUSTERDOWN', 'TRYAGAIN', 'BUSY'])(
    '%s is a definite refusal, as Redis 7 and as Redis 6 say it',
    (word) => {
      for (const text of [
        `${word} of some kind`,
        `ERR Error running script (call to f_1): @user_script:3: @user_script: 3: -${word} of some kind`,
      ]) {
        const error = become(reply(text));
        expect(error).toMatchObject({ code: 'mooring.store-unavailable', retryable: true, store: 'redis' });
        expect(error.message).toContain(`[${word}]`);
      }
    },
  );

  test.each(['NOPROTO', 'MOVED 12 127.0.0.1:7000', 'ASK', 'CROSSSLOT'])('%s is a mistake of whoever made the client', (text) => {
    expect(become(reply(`${text} rest`))).toMatchObject({ code: 'mooring.config', option: 'client', retryable: false });
  });

  test.each(['NOAUTH', 'WRONGPASS', 'NOPERM'])('%s is a mistake for whoever asks if the store is set up rightly', (word) => {
    const error = become(reply(`${word} rest`), { examines: true });

    expect(error).toMatchObject({ code: 'mooring.config', option: 'client', message: expect.stringContaining(`[${word}]`) });
  });

  test.each(['NOAUTH', 'WRONGPASS', 'NOPERM'])('%s is an outage for a job, which outlasts it', (word) => {
    const error = become(reply(`${word} rest`));

    expect(error).toMatchObject({ code: 'mooring.store-unavailable', message: expect.stringContaining(`[${word}]`) });
  });

  describe.each(Object.entries(REFUSED_IN_SCRIPT))(
    'a command that a script may not run, in the words of %s,',
    (_server, text) => {
      test('I2 leaves a write unknown, since others came before it', () => {
        const unknown = become(reply(text));

        expect(unknown).toMatchObject({ code: 'mooring.outcome-unknown', reason: 'no-answer' });
        expect(unknown.message).toMatch(/must be of a user who may run .* \[NOPERM\]/);
      });

      test('is a mistake for whoever asks if the store is set up rightly', () => {
        const error = become(reply(text), { writes: false, examines: true });

        expect(error).toMatchObject({ code: 'mooring.config', option: 'client' });
      });

      test('makes a read of a job unavailable', () => {
        const error = become(reply(text), { writes: false });

        expect(error).toMatchObject({ code: 'mooring.store-unavailable', message: expect.stringContaining('[NOPERM]') });
      });
    },
  );

  test('WRONGTYPE names the key', () => {
    const error = become(
      reply('WRONGTYPE Operation against a key holding the wrong kind of value script: 1, on @user_script:3.'),
    );
    expect(error).toMatchObject({ code: 'mooring.corrupt-entry', message: expect.stringContaining(KEY) });
  });

  test('a command that the server does not have is told without its arguments, which Redis quotes', () => {
    const error = become(reply(`ERR unknown command 'evalsha', with args beginning with: '${VALUE}'`));
    expect(error).toMatchObject({ code: 'mooring.config', option: 'client' });
  });

  test('one that says nothing of what was done leaves a write unknown', () => {
    const failed = reply(`ERR Error running script: attempt to index '${VALUE}'`);

    expect(become(failed)).toMatchObject({ code: 'mooring.outcome-unknown', reason: 'no-answer' });
  });

  test('one that says nothing of what was done makes a read unavailable', () => {
    const failed = reply(`ERR Error running script: attempt to index '${VALUE}'`);
    expect(become(failed, { writes: false })).toMatchObject({ code: 'mooring.store-unavailable' });
  });

  test('† no refusal of what may have been sent before is definite', () => {
    for (const text of ['OOM full', 'WRONGTYPE', 'NOPERM', 'ERR unknown command']) {
      expect(become(reply(text), { resent: true })).toMatchObject({ code: 'mooring.outcome-unknown' });
    }
    expect(become(reply('OOM full'), { resent: true, writes: false })).toMatchObject({ code: 'mooring.store-unavailable' });
  });

  test('a missing script is told from everything else', () => {
    expect(isMissingScript(reply('NOSCRIPT No matching script. Please use EVAL.'))).toBe(true);
    expect(isMissingScript(reply('ERR something about NOSCRIPTS'))).toBe(false);
    expect(isMissingScript(new Error('NOSCRIPT but not of the server'))).toBe(false);
  });
});

describe('an error of the connection', () => {
  const lost = (message: string): Error => Object.assign(new Error(message), { command: { args: [VALUE] } });

  test.each([
    'Connection is closed.',
    'Command timed out',
    'read ECONNRESET',
    'Reached the max retries per request limit (which is 20).',
  ])('%s leaves only a write unknown', (text) => {
    expect(become(lost(text))).toMatchObject({ code: 'mooring.outcome-unknown', reason: 'no-answer' });
    expect(become(lost(text), { writes: false })).toMatchObject({ code: 'mooring.store-unavailable' });
  });

  test('where the client did not send anything nothing was written', () => {
    const never = lost("Stream isn't writeable and enableOfflineQueue options is false");

    expect(become(never)).toMatchObject({ code: 'mooring.store-unavailable' });
    expect(become(never, { resent: true })).toMatchObject({ code: 'mooring.outcome-unknown' });
  });

  test.each([
    'MOVED 5 127.0.0.1:7000',
    'ASK 5 127.0.0.1:7000',
    'TRYAGAIN Multiple keys request',
    'CLUSTERDOWN The cluster is down',
  ])('† a Cluster whose servers all refused a write wrote nothing: %s', (words) => {
    const gaveUp = lost(`Too many Cluster redirections. Last error: ReplyError: ${words}`);

    expect(become(gaveUp)).toMatchObject({ code: 'mooring.store-unavailable' });
    expect(become(gaveUp, { resent: true })).toMatchObject({ code: 'mooring.outcome-unknown' });
  });

  test('† a Cluster whose last server did not answer leaves a write unknown', () => {
    const gaveUp = lost('Too many Cluster redirections. Last error: Error: Connection is closed.');

    expect(become(gaveUp)).toMatchObject({ code: 'mooring.outcome-unknown' });
  });

  test('something that is no error at all is one too', () => {
    expect(become('nothing')).toMatchObject({ code: 'mooring.outcome-unknown' });
  });
});

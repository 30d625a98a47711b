import { guard, type Guard } from './guard.ts';

/** Guards of what is said: no value and no credential is in it. */

const SECRETS = 'test/integration/secrets.test.ts';
const WELL = 'no mark is said while a store is used';

/** From the errors to the logs. */
export const SECRET_GUARDS: readonly Guard[] = [
  guard(
    'a value in the place of an object is not shown',
    'src/model/errors/config.ts',
    'received ${receivedKind(value)}',
    '${value}',
    [SECRETS, WELL],
  ),
  guard('a log line has no request of a client', 'src/job/attempt/lifecycle.ts', '= plainFields(fields)', '= fields', [
    SECRETS,
    WELL,
  ]),
  guard('a quoted command is not passed on', 'src/metastore/redis/errors.ts', "'the script failed'", 'text', [
    SECRETS,
    'no mark is said while Redis refuses every command',
  ]),
];

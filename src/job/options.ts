import { milliseconds, millisecondsOrNone, type Duration } from '../model/duration.ts';
import { ConfigError, wrongKind } from '../model/errors/store.ts';
import { requireKnownNames } from '../model/check-options.ts';
import { anything, callable, checkEach, trueOrFalse, oneOf, shortText, type Checks } from '../model/checks.ts';
import { rememberedMs, type RememberedFor } from '../model/remembered.ts';
import { DEFAULT_EXTERNAL_ID_KEY, encodeSegment } from '../format/path.ts';
import type { AnyJob, ExternalId, ExternalJob } from './external-job.ts';

/** The options of an external job with their defaults, and which of them contradict each other. */

/** The options of an external job, resolved: lengths of time in milliseconds. */
export interface JobOptions {
  /** The name of the job for people. */
  name: string | undefined;
  externalIdKey: string;
  /** The record's name in the metastore. */
  recordName: string;
  /** From the send of a request; infinite: until somebody deletes the job. */
  idempotentFor: number | undefined;
  findable: boolean;
  findLag: number;
  /** From the send of a request; infinite: until somebody deletes the job. */
  findableFor: number;
  /** From the end of the job; infinite: until somebody deletes it. */
  remembersFor: number;
  rememberResult: boolean;
  onInputChange: 'fail' | 'resubmit';
  onMissing: 'fail' | 'resubmit';
  missingGrace: number;
  unknownFor: number;
  /** From the send of the request; infinite: never. */
  giveUpAfter: number;
  submitTimeout: number;
  callTimeout: number;
  pollInterval: { from: number; to: number };
}

/**
 * The options of an external job with their defaults.
 *
 * @throws {@link ConfigError} {@link InvalidKeyError} for an invalid option, and for two that contradict each other.
 */
export function jobOptions<Input, Id extends ExternalId, Result>(job: ExternalJob<Input, Id, Result>): JobOptions {
  if (typeof job !== 'object' || job === null) throw wrongKind('externalJob', 'must be an object', job);
  const prototype: unknown = Object.getPrototypeOf(job);
  // An instance of a class may have other properties.
  if (prototype === Object.prototype || prototype === null) requireKnownNames('externalJob', job, CHECKS);
  checkEach<AnyJob>(job, CHECKS, ['submit', 'getStatus']);
  const { name, externalIdKey = DEFAULT_EXTERNAL_ID_KEY, idempotentFor, findableFor = 'until-deleted' } = job;
  const remembersFor = job.remembersFor === undefined ? Infinity : milliseconds(job.remembersFor, 'remembersFor');
  const options: JobOptions = {
    name,
    externalIdKey,
    recordName: encodeSegment('externalIdKey', externalIdKey),
    idempotentFor: idempotentFor === undefined ? undefined : rememberedMs(idempotentFor, 'idempotentFor', remembersFor),
    findable: job.find !== undefined,
    findLag: millisecondsOrNone(job.findLag ?? '10s', 'findLag'),
    findableFor: rememberedMs(findableFor, 'findableFor', remembersFor),
    remembersFor,
    rememberResult: job.rememberResult ?? true,
    onInputChange: job.onInputChange ?? 'fail',
    onMissing: job.onMissing ?? 'fail',
    missingGrace: millisecondsOrNone(job.missingGrace ?? '1m', 'missingGrace'),
    unknownFor: milliseconds(job.unknownFor ?? '15m', 'unknownFor'),
    giveUpAfter: job.giveUpAfter === undefined ? Infinity : milliseconds(job.giveUpAfter, 'giveUpAfter'),
    submitTimeout: milliseconds(job.submitTimeout ?? '1m', 'submitTimeout'),
    callTimeout: milliseconds(job.callTimeout ?? '30s', 'callTimeout'),
    pollInterval: pollInterval(job.pollInterval),
  };
  requireNoContradiction(job, options);
  return options;
}

/** The name is a tag of metrics. */
const LONGEST_NAME = 100;

const CHECKS: Checks<AnyJob> = {
  name: shortText(LONGEST_NAME),
  externalIdKey: anything,
  submit: callable,
  idempotentFor: anything,
  findableFor: anything,
  remembersFor: anything,
  find: callable,
  findLag: anything,
  getStatus: callable,
  getResult: callable,
  rememberResult: trueOrFalse,
  cancel: callable,
  describe: callable,
  fingerprint: callable,
  onInputChange: oneOf('fail', 'resubmit'),
  onMissing: oneOf('fail', 'resubmit'),
  missingGrace: anything,
  unknownFor: anything,
  giveUpAfter: anything,
  submitTimeout: anything,
  callTimeout: anything,
  pollInterval: anything,
};

/** Each rule names both options, and shows both values. */
function requireNoContradiction<Input, Id extends ExternalId, Result>(
  job: ExternalJob<Input, Id, Result>,
  { findable, findLag, findableFor, remembersFor, idempotentFor = 0, giveUpAfter, submitTimeout, pollInterval }: JobOptions,
): void {
  if (job.findableFor !== undefined && !findable) {
    throw new ConfigError('findableFor', 'says how long find shows a job, so it needs find', job.findableFor);
  }
  if (findable && findableFor <= submitTimeout + findLag) {
    const rule = `must be longer than submitTimeout and findLag together (${submitTimeout + findLag} ms), or no empty search proves anything`;
    throw new ConfigError('findableFor', rule, job.findableFor);
  }
  if (remembersFor < idempotentFor) {
    const rule = `must not be shorter than idempotentFor (${shown(job.idempotentFor)}): a repeated key would bring back a job that getStatus has forgotten`;
    throw new ConfigError('remembersFor', rule, job.remembersFor);
  }
  if (remembersFor <= pollInterval.to) {
    const rule = `must be longer than pollInterval (${pollInterval.to} ms), or a job is forgotten between two polls`;
    throw new ConfigError('remembersFor', rule, job.remembersFor);
  }
  if (job.giveUpAfter !== undefined && job.cancel === undefined) {
    throw new ConfigError('giveUpAfter', 'needs cancel: a job that goes on must not be submitted again', job.giveUpAfter);
  }
  if (giveUpAfter < submitTimeout) {
    throw new ConfigError('giveUpAfter', `must not be shorter than submitTimeout (${submitTimeout} ms)`, job.giveUpAfter);
  }
}

function shown(given: RememberedFor | undefined): string {
  return typeof given === 'object' ? `{ afterEnd: ${JSON.stringify(given.afterEnd)} }` : JSON.stringify(given);
}

function pollInterval(
  interval: Duration | { from: Duration; to: Duration } = { from: '1s', to: '30s' },
): JobOptions['pollInterval'] {
  if (typeof interval !== 'object' || interval === null) {
    const every = milliseconds(interval, 'pollInterval');
    return { from: every, to: every };
  }
  requireKnownNames('pollInterval', interval, { from: true, to: true });
  const from = milliseconds(interval.from, 'pollInterval.from');
  const to = milliseconds(interval.to, 'pollInterval.to');
  if (to < from) throw new ConfigError('pollInterval.to', 'must not be shorter than pollInterval.from', interval.to);
  return { from, to };
}

import { parseLocation, type BucketLocation } from '../../../config/location.ts';
import { sharedOf } from '../../../config/settings.ts';
import { scopePath } from '../../../format/path.ts';
import type { TextCommand } from '../../command.ts';
import { EXIT, type CommandOutcome } from '../../outcome.ts';
import { readDuration, type Given } from '../../flags.ts';
import { lifecycleGcs } from './gcs.ts';
import { lifecycleS3 } from './s3.ts';
import { settingsWith, STORE_FLAGS } from '../../store-flags.ts';
import { UsageError } from '../../usage-error.ts';

/** `mooring lifecycle`: rules for a bucket, as a backstop if no sweep runs. */

const DAY = 86_400_000;
/**
 * Days in addition to the longest retention. One is for the grace of overwritten objects, and seven until `sweep` removes them.
 * One is for the time between the making of an object and its commit.
 */
const SLACK_DAYS = 9;
/** Results of external jobs are kept as long as their records, whatever the retention of the flow's own values. */
const JOB_DAYS = 30;
/** An entry that `recover` writes has a new end, which neither the age nor the custom time of its object shows. */
const RECOVER_NOTE =
  'Take these rules away before mooring recover --apply: it gives old objects a new end, which the rules do not know. Put them back when those values have ended.';

export const lifecycleCommand: TextCommand = {
  kind: 'text',
  summary: 'print lifecycle rules for a bucket',
  operands: 's3|gcs',
  flags: {
    path: STORE_FLAGS.path,
    namespace: STORE_FLAGS.namespace,
    'longest-retention': { value: 'TIME', holds: 's3: no value of the flows is kept longer; needs --flow' },
    flow: { value: 'NAME', many: true, holds: 's3: values of this flow are deleted by age; may be given several times' },
  },
  about: [
    'The rules are a backstop: sweep removes the same, sooner. On Google Cloud Storage an object carries the time when its value ends.',
    'On S3 it does not, and rules go by age: so values are deleted by age only in flows that you name, with the longest retention',
    'that any of them has. What is kept forever, as state of assets is, is in no such flow. Results of external jobs are kept for 30',
    'days at least, and so are the objects of those flows.',
  ],
  examples: [
    ['mooring lifecycle gcs > rules.json', 'rules for a bucket of Google Cloud Storage'],
    ['mooring lifecycle s3 --flow bull:transcode --longest-retention 30d', 'rules that also delete by age'],
  ],
  run(given, env) {
    const [kind, ...more] = given.positionals;
    if ((kind !== 's3' && kind !== 'gcs') || more.length > 0) throw new UsageError('lifecycle needs one word more: s3 or gcs');
    const { texts } = settingsWith(given, env);
    const { namespace = 'default' } = sharedOf(texts);
    const location = texts.path && parseLocation(texts.path.option, texts.path.text);
    if (location && (location.kind === 'file' || location.kind !== (kind === 's3' ? 's3' : 'gs'))) {
      throw new UsageError(`${texts.path?.option} is no path of ${kind}: name one with --path`);
    }
    return kind === 's3' ? forS3(given, namespace, location) : forGcs(given, namespace, location);
  },
};

function forS3(given: Given, namespace: string, location: BucketLocation | undefined): CommandOutcome {
  const prefix = `${location?.prefix ?? ''}${namespace}/`;
  const names = given.texts('flow');
  const longest = readDuration('longest-retention', given.text('longest-retention'));
  if (longest !== undefined && names.length === 0) {
    throw new UsageError(
      '--longest-retention needs --flow: rules of S3 go by age, and without it they would also delete what is kept forever, as state of assets is',
    );
  }
  if (names.length > 0 && longest === undefined) {
    throw new UsageError('--flow needs --longest-retention: the longest time that any value of the flow is kept');
  }
  const flows = [...new Set(names)].map(segmentOf);
  const days = longest === undefined ? undefined : Math.max(Math.ceil(longest / DAY), JOB_DAYS) + SLACK_DAYS;
  const bucket = location?.bucket ?? 'BUCKET';
  return printed(lifecycleS3({ prefix, namespace, flows, days }), [
    `Save it as rules.json, then: aws s3api put-bucket-lifecycle-configuration --bucket ${bucket} --lifecycle-configuration file://rules.json`,
    'It replaces all rules that the bucket has: add those to the file first.',
    ...(days === undefined ? [] : [`Objects of ${names.join(', ')} are deleted after ${days} days.`, RECOVER_NOTE]),
  ]);
}

function forGcs(given: Given, namespace: string, location: BucketLocation | undefined): CommandOutcome {
  if (given.texts('flow').length > 0 || given.text('longest-retention') !== undefined) {
    throw new UsageError('gcs needs neither --flow nor --longest-retention: each object carries the time when its value ends');
  }
  const bucket = location?.bucket ?? 'BUCKET';
  return printed(lifecycleGcs(`${location?.prefix ?? ''}${namespace}/`), [
    `Save it as rules.json, then: gcloud storage buckets update gs://${bucket} --lifecycle-file=rules.json`,
    'It replaces all rules that the bucket has: add those to the file first.',
    `What is deleted is kept and paid for 7 days more, unless soft delete is off: gcloud storage buckets update gs://${bucket} --clear-soft-delete`,
    RECOVER_NOTE,
  ]);
}

/** The first segment of the path of each task of a flow. */
function segmentOf(flow: string): string {
  return scopePath({ flow, run: '-', task: '-' }).split('/')[0] as string;
}

/** The rules are JSON with and without `--json`. */
function printed(rules: object, notes: readonly string[]): CommandOutcome {
  return { code: EXIT.ok, report: rules, lines: [JSON.stringify(rules, undefined, 2)], notes };
}

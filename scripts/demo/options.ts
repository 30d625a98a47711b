/** What `npm run demo` can be asked. */
import { parseArgs } from 'node:util';
import { GAP_LIST, parseGap } from '../../drill/harness/gaps.ts';
import type { Gap } from '../../src/job/protocol/crash-point.ts';
import { RUNTIMES, type RuntimeName } from './runtime.ts';

/** Options of one run. */
export interface DemoOptions {
  runtime: RuntimeName;
  killAt: Gap;
  /** Run the processor that people write by hand. */
  without: boolean;
  json: boolean;
  help: boolean;
  megabytes: number;
}

/** The help text. */
export const HELP = `npm run demo -- [options]

A worker hands a job of real work to a batch service, is killed with SIGKILL, and the next worker reconnects.
Exit code 1 if the job was submitted twice or its result was lost.

  --runtime NAME  bullmq (the default) or temporal
  --kill-at GAP   when the worker is killed (default G9; with --without G6):
${GAP_LIST}
  --without       the same as people write it by hand: the ID in job.data (Temporal: in the heartbeat), saved after the submit
  --size MB       size of the file to work on (default 100)
  --json          print one JSON object and nothing else (npm run --silent demo -- --json)
  --help          this text
`;

/** Reads the arguments. @throws Error with a sentence about the one that is wrong. */
export function readOptions(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runtime: { type: 'string', default: 'bullmq' },
      'kill-at': { type: 'string' },
      without: { type: 'boolean', default: false },
      size: { type: 'string', default: '100' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const runtime = RUNTIMES.find((one) => one === values.runtime);
  if (runtime === undefined) throw new Error(`--runtime is ${RUNTIMES.join(' or ')}, received ${values.runtime}`);
  const megabytes = Number(values.size);
  if (!(megabytes >= 1 && megabytes <= 10_000))
    throw new Error(`--size is a number of megabytes from 1 to 10000, received ${values.size}`);
  const killAt = parseGap(values['kill-at'] ?? (values.without ? 'G6' : 'G9'));
  return { runtime, killAt, without: values.without, json: values.json, help: values.help, megabytes };
}

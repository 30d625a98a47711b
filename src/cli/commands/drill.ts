import type { ProgramCommand } from '../command.ts';
import { EXIT } from '../outcome.ts';
import { readCount, readDuration } from '../flags.ts';
import { configWith, STORE_FLAGS } from '../store-flags.ts';
import { UsageError } from '../usage-error.ts';

/** `mooring drill`: certifies a user's own external job. */

const CONCURRENCY = 4;
const TIMEOUT = 600_000;

export const drillCommand: ProgramCommand = {
  kind: 'program',
  summary: 'kill real workers of your external job in every gap, and count its jobs',
  operands: 'MODULE',
  flags: {
    redis: STORE_FLAGS.redis,
    ends: { value: 'NAMES', holds: 'ways in which attempts end, with commas (kill,deploy,cancel,release); also stall' },
    gaps: { value: 'NAMES', holds: 'gaps of the crash table, with commas (all: G1 to G12)' },
    repeat: { value: 'COUNT', holds: 'how often each cell of the table is run (1)' },
    concurrency: { value: 'COUNT', holds: `how many runs there are at the same time (${CONCURRENCY})` },
    timeout: { value: 'TIME', holds: 'the longest that one run may take (10m)' },
    'dry-run': { holds: 'only say what would be run, and how many jobs the external system gets' },
  },
  about: [
    'The module has a default export: defineDrill({ job, input, count }) of mooring/drill. Real jobs are started in your external',
    'system, one or none for each run. Worker processes of BullMQ run them and are killed, closed, cancelled and released; then',
    'the jobs are counted. It works in a namespace and in queues of its own, and removes both.',
    'A module in TypeScript needs what you run it with: NODE_OPTIONS="--import tsx" mooring drill ./drill.ts',
    '',
    'Ends with 0 if all is as the crash table says, with 1 if jobs were doubled or lost, a result was lost, or anything else',
    'differs, and with 2 if a run could not be made.',
  ],
  examples: [
    ['mooring drill ./drill.js --dry-run', 'say what would be run'],
    ['mooring drill ./drill.js --gaps G4,G5 --ends kill', 'two gaps only'],
  ],
  unable: EXIT.usage,
  interrupted: 'all that the drill made in Redis was removed; runs that had begun may have left jobs in the external system',
  plan(given, env) {
    const [module, ...more] = given.positionals;
    if (module === undefined || more.length > 0) throw new UsageError('drill needs one word more: the file of a module');
    const dryRun = given.has('dry-run');
    const order = {
      module,
      redis: dryRun ? undefined : configWith(given, env),
      gaps: given.text('gaps'),
      ends: given.text('ends'),
      repeat: readCount('repeat', given.text('repeat')) ?? 1,
      concurrency: readCount('concurrency', given.text('concurrency')) ?? CONCURRENCY,
      timeout: readDuration('timeout', given.text('timeout')) ?? TIMEOUT,
      dryRun,
    };
    return ({ signal, terminal, tools, json }) =>
      tools.drill(order, { signal, progress: terminal.progress, note: json ? () => undefined : terminal.note });
  },
};

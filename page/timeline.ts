import type { BoardDetail } from '../src/board/wire.js';
import { drawn } from './element.js';
import { count, moment, timeInWords } from './words.js';

/** The history of one record as a drawing. The same is below it as a list. */

type Past = BoardDetail['history'][number];

/** One attempt: from its first event to its last. */
interface Attempt {
  readonly attempt: number | undefined;
  readonly submission: number;
  readonly events: readonly Past[];
  /** Another attempt came, and this one had not ended: it was killed in between. */
  readonly killedBefore: number | undefined;
  /** It was handed back in between. */
  readonly releasedBefore: number | undefined;
}

/** Events after which an attempt is over. */
const ENDS: ReadonlySet<string> = new Set([
  'released',
  'succeeded',
  'failed',
  'ambiguous',
  'already-succeeded',
  'already-failed',
  'missing',
  'refused',
  'unresolved',
  'input-changed',
]);
/** What a person said. */
const ANSWERS: ReadonlySet<string> = new Set(['adopted', 'not-submitted', 'reopened']);
const GOOD: ReadonlySet<string> = new Set(['succeeded', 'already-succeeded']);
const BAD: ReadonlySet<string> = new Set([
  'failed',
  'already-failed',
  'missing',
  'ambiguous',
  'unresolved',
  'refused',
  'input-changed',
]);

/** The attempts of a history, oldest first. */
export function attemptsOf(history: readonly Past[]): Attempt[] {
  const runs: Past[][] = [];
  for (const event of history) {
    if (ANSWERS.has(event.kind)) continue;
    const run = runs.at(-1);
    if (run?.[0] && run[0].attempt === event.attempt && !isOver(run.at(-1))) run.push(event);
    else runs.push([event]);
  }
  return runs.map((events, at) => {
    const [first] = events as [Past];
    const next = runs[at + 1]?.[0];
    // Only the last release is kept: an attempt that begins with one came back after a release, and notes nothing else.
    const back = next?.kind === 'released';
    const ended = back || ENDS.has(events.at(-1)?.kind ?? '');
    return {
      attempt: first.attempt,
      submission: first.submission,
      events,
      killedBefore: ended ? undefined : next?.at,
      releasedBefore: back ? next.at : undefined,
    };
  });
}

/** An attempt that was handed back may go on under the same number. */
function isOver(last: Past | undefined): boolean {
  return last !== undefined && last.kind !== 'released' && ENDS.has(last.kind);
}

/** What happened, in words. */
export function eventInWords({ kind, submission, attempt }: Past): string {
  const who = ANSWERS.has(kind) ? 'a person' : attempt === undefined ? 'an attempt' : `attempt ${attempt}`;
  return `${WORDS[kind] ?? kind} (${who}, submission ${submission})`;
}

const WORDS: Readonly<Record<string, string>> = {
  submitted: 'submitted a job',
  repeated: 'submitted again with the same key',
  reconnected: 'reconnected to the job that ran',
  'already-succeeded': 'found that the job had succeeded',
  resubmitted: 'submitted the next job after a failure',
  refused: 'the submit was refused',
  unresolved: 'nobody knows whether the submit arrived',
  ambiguous: 'stopped for a person',
  'already-failed': 'found that the job had failed',
  missing: 'the external system does not know the job',
  'input-changed': 'found a job of another input',
  released: 'handed the task back; the job ran on',
  succeeded: 'the job succeeded',
  failed: 'the job failed',
  adopted: 'adopted a job by its ID',
  'not-submitted': 'said that it never arrived',
  reopened: 'reopened the failed job',
};

const WIDTH = 760;
const LEFT = 104;
const RIGHT = 24;
const LANE = 34;
const TOP = 34;

/** The drawing. */
export function timeline({ history, poll, now, row }: BoardDetail): SVGSVGElement | undefined {
  const [first] = history;
  if (!first) return undefined;
  const attempts = attemptsOf(history);
  const open = row?.state === 'submitted' || row?.state === 'submitting';
  const last = Math.max(history.at(-1)?.at ?? 0, poll?.at ?? 0, open ? now : 0);
  const span = Math.max(1_000, last - first.at);
  const x = (at: number): number => LEFT + ((Math.min(at, last) - first.at) / span) * (WIDTH - LEFT - RIGHT);
  const height = TOP + attempts.length * LANE + (poll ? LANE : 0) + 24;
  const label = `Timeline: ${count(attempts.length, 'attempt')} in ${timeInWords(span)}, ${attempts.filter((one) => one.killedBefore !== undefined).length} killed. The list below says the same.`;
  const parts = [
    ...axis(first.at, span, x, height),
    ...attempts.flatMap((attempt, at) =>
      lane(attempt, TOP + at * LANE + LANE / 2, { x, last, open: open && at === attempts.length - 1 }),
    ),
    ...history.filter(({ kind }) => ANSWERS.has(kind)).map((event) => answer(event, x(event.at), height)),
    ...(poll
      ? polls(poll, TOP + attempts.length * LANE + LANE / 2, { x, from: attempts.at(-1)?.events[0]?.at ?? first.at })
      : []),
  ];
  return drawn('svg', { class: 'timeline', viewBox: `0 0 ${WIDTH} ${height}`, role: 'img', 'aria-label': label }, ...parts);
}

interface Scale {
  x(at: number): number;
}

function axis(from: number, span: number, x: Scale['x'], height: number): SVGElement[] {
  return [0, 0.25, 0.5, 0.75, 1].flatMap((share) => {
    const at = x(from + span * share);
    const anchor = share === 0 ? 'start' : share === 1 ? 'end' : 'middle';
    return [
      drawn('line', { class: 'grid', x1: at, x2: at, y1: TOP - 8, y2: height - 20 }),
      drawn(
        'text',
        { class: 'tick', x: at, y: TOP - 16, 'text-anchor': anchor },
        share === 0 ? 'start' : `+${timeInWords(span * share)}`,
      ),
    ];
  });
}

function lane(
  { attempt, events, killedBefore, releasedBefore }: Attempt,
  y: number,
  { x, last, open }: Scale & { last: number; open: boolean },
): SVGElement[] {
  const from = x(events[0]?.at ?? last);
  const end = events.at(-1)?.at ?? last;
  const until = x(killedBefore ?? releasedBefore ?? (open ? last : end));
  const name = attempt === undefined ? 'attempt' : `attempt ${attempt}`;
  const certain = killedBefore === undefined ? until : x(end);
  // Beside the last mark, however short the time was.
  const died = Math.max(until - 6, certain + 12);
  const waits = open && events.at(-1)?.kind === 'released';
  return [
    drawn('text', { class: 'lane', x: LEFT - 14, y: y + 4, 'text-anchor': 'end' }, name),
    drawn('rect', {
      class: waits ? 'bar waiting' : open ? 'bar open' : 'bar',
      x: from,
      y: y - 6,
      width: Math.max(3, certain - from),
      height: 12,
      rx: 3,
    }),
    ...(killedBefore === undefined
      ? []
      : [
          drawn('line', { class: 'unknown', x1: certain, x2: died, y1: y, y2: y }),
          drawn(
            'g',
            { class: 'kill' },
            drawn('title', {}, `killed between ${moment(end)} and ${moment(killedBefore)}`),
            drawn('path', { d: `M${died - 5} ${y - 5}l10 10m0 -10l-10 10` }),
          ),
        ]),
    ...events.map((event) => mark(event, x(event.at), y)),
  ];
}

function mark(event: Past, x: number, y: number): SVGElement {
  const shape = BAD.has(event.kind)
    ? drawn('rect', { class: 'mark bad', x: x - 5, y: y - 5, width: 10, height: 10 })
    : GOOD.has(event.kind)
      ? drawn('path', { class: 'mark good', d: `M${x} ${y - 7}l7 7l-7 7l-7 -7z` })
      : drawn('circle', { class: event.kind === 'released' ? 'mark hollow' : 'mark', cx: x, cy: y, r: 5.5 });
  return drawn('g', {}, drawn('title', {}, `${moment(event.at)}: ${eventInWords(event)}`), shape);
}

function answer(event: Past, x: number, height: number): SVGElement {
  return drawn(
    'g',
    { class: 'answer' },
    drawn('title', {}, `${moment(event.at)}: ${eventInWords(event)}`),
    drawn('line', { x1: x, x2: x, y1: TOP - 8, y2: height - 20 }),
    drawn('text', { x, y: height - 6, 'text-anchor': x > WIDTH / 2 ? 'end' : 'start' }, event.kind.replace('-', ' ')),
  );
}

function polls(
  { at, count: polled }: NonNullable<BoardDetail['poll']>,
  y: number,
  { x, from }: Scale & { from: number },
): SVGElement[] {
  const start = Math.min(x(from), x(at));
  return [
    drawn('text', { class: 'lane', x: LEFT - 14, y: y + 4, 'text-anchor': 'end' }, 'polls'),
    drawn('line', { class: 'polls', x1: start, x2: x(at), y1: y, y2: y }),
    drawn('g', {}, drawn('title', {}, `last poll: ${moment(at)}`), drawn('path', { class: 'mark', d: `M${x(at)} ${y - 6}v12` })),
    drawn('text', { class: 'tick', x: start, y: y + 17 }, count(polled, 'poll')),
  ];
}

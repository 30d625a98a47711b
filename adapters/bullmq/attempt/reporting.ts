import { bounded, reportEntry, systemTimer, type JobReport, type Timer } from '../../../src/adapter-kit.ts';
import { detailsOf, type BullJob } from '../runtime.ts';

/** The external jobs of an attempt in the progress of its job. A failure to report is never a failure of the job. */

/** Milliseconds between two writes of the progress: each makes an event for all who listen to the queue. */
const EVERY = 1_000;
/** Milliseconds that the end of an attempt waits for the last write. */
const LAST_WRITE = 2_000;
/** The most external jobs in a job's progress. It is written as a whole. */
const MOST_REPORTED = 100;

/** The states of external jobs in a job's progress. */
export interface ProgressReporter {
  report(report: JobReport): void;
  /** Ends it. The last report is written before that. */
  end(): Promise<void>;
}

/**
 * Shows the external jobs of a job in its progress, each under its name. Entries of the user's own stay. If the user's code sets
 * a number or a text, nothing is shown.
 */
export function progressReporter(job: BullJob, timer: Timer = systemTimer): ProgressReporter {
  const shown = new Map<string, unknown>();
  /** Entries of ours that are shown no more. The job's progress has them until the next write. */
  const evicted = new Map<string, unknown>();
  const adopted = new Set<string>();
  let isDirty = false;
  let hasEnded = false;
  let writing: Promise<void> | undefined;
  let stopPause: (() => void) | undefined;

  const write = async (): Promise<void> => {
    isDirty = false;
    const { progress: current } = detailsOf(job);
    if (kindOf(current) === 'scalar') return;
    const others = entriesOf(current).filter(([label]) => !evicted.has(label));
    await job.updateProgress({ ...Object.fromEntries(others), ...Object.fromEntries(shown) }).catch(() => undefined);
  };
  const show = (label: string, told: unknown): void => {
    shown.delete(label);
    shown.set(label, told);
    evicted.delete(label);
    if (shown.size <= MOST_REPORTED) return;
    const [[oldest, was] = [label, told]] = shown;
    shown.delete(oldest);
    evicted.set(oldest, was);
  };
  /** A released job that comes back finds what the attempt before has written of other items: it counts, too. */
  const adopt = ({ name, externalIdKey }: JobReport): void => {
    const items = `${name ?? externalIdKey}[`;
    if (adopted.has(items)) return;
    adopted.add(items);
    for (const [label, told] of entriesOf(detailsOf(job).progress)) {
      if (label.startsWith(items) && label.endsWith(']') && !shown.has(label)) show(label, told);
    }
  };
  const next = (): void => {
    if (!isDirty || hasEnded || writing || stopPause) return;
    stopPause = timer(EVERY, () => {
      stopPause = undefined;
      next();
    });
    writing = write().finally(() => {
      writing = undefined;
      next();
    });
  };
  const shownBefore = (label: string): unknown => entriesOf(detailsOf(job).progress).find(([name]) => name === label)?.[1];
  return {
    report(one) {
      const [label, told] = reportEntry(one);
      adopt(one);
      const before = shown.get(label) ?? evicted.get(label) ?? shownBefore(label);
      if (JSON.stringify(before) === JSON.stringify(told)) return;
      show(label, told);
      isDirty = true;
      next();
    },
    async end() {
      hasEnded = true;
      stopPause?.();
      await bounded(timer, LAST_WRITE, undefined, async () => {
        await writing;
        if (isDirty) await write();
      });
    },
  };
}

/** 0 is BullMQ's word for no progress yet. */
function kindOf(progress: unknown): 'none' | 'record' | 'scalar' {
  if (progress === undefined || progress === null || progress === 0) return 'none';
  return typeof progress === 'object' && !Array.isArray(progress) ? 'record' : 'scalar';
}

function entriesOf(progress: unknown): [label: string, value: unknown][] {
  return kindOf(progress) === 'record' ? Object.entries(progress as object) : [];
}

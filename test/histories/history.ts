import { hrtime } from 'node:process';
import { isMooringError } from '../../src/model/errors/store.ts';

/** What happened to one key, call by call, as the checker reads it. */

/** A call, and what became of it. */
export interface Operation {
  /** Who called. */
  readonly client: number;
  /** The attempt that called; 0: a person or a tool. */
  readonly attempt: number;
  readonly kind: 'begin' | 'get' | 'set' | 'delete' | 'compare-and-set' | 'get-or-set';
  /** `unknown`: it may take effect at any time after its call, or never. */
  outcome: 'ok' | 'stale' | 'conflict' | 'unknown';
  /** What a compare-and-set expects; 0: no value. */
  from: number;
  /** What is written; 0: no value. */
  to: number;
  /** What was read; 0: no value. */
  value: number;
  /** In nanoseconds of this process. */
  readonly call: number;
  return: number;
}

/** Calls that are written down. */
export interface History {
  readonly operations: readonly Operation[];
  /** Errors that no fault explains. */
  readonly wrong: readonly string[];
  /** Calls that ended without saying what they came to. */
  troubled(): number;
  /** Calls a store, writes down what became of it, and says it. `refused`: it certainly did nothing, or gave no answer to a read. */
  call(
    what: Pick<Operation, 'client' | 'attempt' | 'kind'> & Partial<Pick<Operation, 'from' | 'to'>>,
    work: (operation: Operation) => Promise<void>,
  ): Promise<Outcome>;
}

/** How a call ended. */
export type Outcome = Operation['outcome'] | 'refused';

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  'mooring.outcome-unknown': 'unknown',
  'mooring.store-unavailable': 'refused',
  'mooring.stale-attempt': 'stale',
  'mooring.version-conflict': 'conflict',
};

/** A history in which nothing has happened. */
export function createHistory(): History {
  const operations: Operation[] = [];
  const wrong: string[] = [];
  let troubled = 0;
  const now = (): number => Number(hrtime.bigint());
  return {
    operations,
    wrong,
    troubled: () => troubled,
    async call({ client, attempt, kind, from = 0, to = 0 }, work) {
      const operation: Operation = { client, attempt, kind, outcome: 'ok', from, to, value: 0, call: now(), return: 0 };
      const told = await work(operation).then(
        () => 'ok' as const,
        (error: unknown) => {
          const known = isMooringError(error) ? OUTCOMES[error.code] : undefined;
          if (known === undefined) wrong.push(`${kind}: ${String(error)}`);
          return known ?? 'refused';
        },
      );
      operation.return = now();
      // A beginning has two steps: it may have taken the fence, and failed or been superseded after that.
      const outcome = told !== 'ok' && kind === 'begin' ? 'unknown' : told;
      if (outcome === 'unknown' || outcome === 'refused') troubled += 1;
      // What certainly did nothing, and a read without an answer, explain nothing.
      if (outcome !== 'refused' && (kind !== 'get' || outcome === 'ok')) operations.push(Object.assign(operation, { outcome }));
      return outcome;
    },
  };
}

import {
  continueAsNew,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  upsertMemo,
  type ActivityOptions,
  type LocalActivityOptions,
} from '@temporalio/workflow';
import { cancelWith } from '../../../adapters/temporal/workflow.ts';

/** The workflows of the tests: each says which activities to run and with which options, so that a test holds its whole story. */

/** One activity. */
export interface Step {
  activity: string;
  args?: readonly unknown[];
  options?: ActivityOptions;
}

type Activities = Record<string, (...args: readonly unknown[]) => Promise<unknown>>;

function call({ activity, args = [], options = {} }: Step): Promise<unknown> {
  const all = proxyActivities<Activities>({ startToCloseTimeout: '1 minute', ...options });
  return (all[activity] as Activities[string])(...args);
}

/** Runs activities one after the other, and returns the last result. */
export async function steps(...all: Step[]): Promise<unknown> {
  let result: unknown;
  for (const step of all) result = await call(step);
  return result;
}

/** Runs an activity; when the workflow is cancelled, another one first. */
export async function cancellable(work: Step, cancel: Step): Promise<unknown> {
  return cancelWith(
    async () => void (await call(cancel)),
    () => call(work),
  );
}

/** Runs an activity in a run of this workflow, and again in the next run. */
export async function twoRuns(step: Step, turn = 1): Promise<unknown> {
  const result = await call(step);
  if (turn === 1) await continueAsNew<typeof twoRuns>(step, 2);
  return result;
}

/** Shows what the first activity returns to people, while the second one runs. */
export async function shown(submit: Step, wait: Step): Promise<unknown> {
  const externalJob = await call(submit);
  upsertMemo({ externalJob });
  setCurrentDetails(`waits for ${String(externalJob)}`);
  return call(wait);
}

/** Runs a local activity. */
export async function local({ activity, args = [] }: Step, options: LocalActivityOptions = {}): Promise<unknown> {
  const all = proxyLocalActivities<Activities>({ startToCloseTimeout: '1 minute', ...options });
  return (all[activity] as Activities[string])(...args);
}

import { setTimeout as pause } from 'node:timers/promises';

/** Waits until a condition holds; fails after twenty seconds. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !(await condition()); await pause(2)) {
    if (Date.now() > end) throw new Error('the condition did not come to hold within 20 seconds');
  }
}

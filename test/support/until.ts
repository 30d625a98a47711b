import { setTimeout as pause } from 'node:timers/promises';

/** Waits until a condition holds; fails after two minutes, which a slow machine may need. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = Date.now() + 120_000; !(await condition()); await pause(2)) {
    if (Date.now() > end) throw new Error('the condition did not come to hold within two minutes');
  }
}

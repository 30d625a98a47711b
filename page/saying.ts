import { byId } from './element.js';

/** What is said to those who do not look: politely, and not more often than somebody can listen. */

const APART = 10_000;

let lastSaid = -APART;
let waiting: string | undefined;

/** Says it at once: somebody has just done something. */
export function say(text: string): void {
  lastSaid = performance.now();
  waiting = undefined;
  byId('said').textContent = text;
}

/** Says it when nothing was said for a while. What came before and was not said is dropped. */
export function sayLater(text: string): void {
  const due = lastSaid + APART - performance.now();
  if (waiting === undefined) {
    setTimeout(
      () => {
        if (waiting !== undefined) say(waiting);
      },
      Math.max(0, due),
    );
  }
  waiting = text;
}

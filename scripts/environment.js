/**
 * Where a file of tests runs: Node's environment of Jest, which leaves nothing behind that makes the files after it slower.
 *
 * Jest 30.5 runs every test in an `AsyncLocalStorage` that is made anew for each file and never disabled. Before Node 24 every
 * promise carries the value of every storage that is enabled. So after 70 files each promise carried 70 values, and a test with many
 * promises took up to five times the CPU time, most of it to collect garbage.
 */
import { TestEnvironment } from 'jest-environment-node';
import { AsyncLocalStorage } from 'node:async_hooks';

/** The storages that something ran in since the last file ended: Jest's, and those of the tests and of what they import. */
const entered = new Set();

for (const name of ['run', 'enterWith']) {
  const enter = AsyncLocalStorage.prototype[name];
  AsyncLocalStorage.prototype[name] = function (...args) {
    entered.add(this);
    return enter.apply(this, args);
  };
}

/** A storage that is disabled can be used again: entering it enables it. */
export default class Environment extends TestEnvironment {
  async teardown() {
    await super.teardown();
    for (const storage of entered) storage.disable();
    entered.clear();
  }
}

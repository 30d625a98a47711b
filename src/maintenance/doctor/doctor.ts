import type { CallOptions } from '../../async/deadline.ts';
import { anything, type Checks } from '../../model/checks.ts';
import { internalsOf } from '../../state-store/internals.ts';
import type { StateStore } from '../../state-store/state-store.ts';
import { examineMetastore } from './metastore.ts';
import { examineObjectStores } from './object-stores.ts';
import { createFindings, type Finding } from './finding.ts';
import { examineRuntime } from './runtime.ts';
import { requireOptions } from '../settings.ts';

const OPTIONS: Checks<CallOptions> = { signal: anything };

/**
 * Looks whether the stores can be reached and written to, keep what they are given, belong to each other, and are swept. Leaves
 * nothing behind. The findings say what is wrong, each with what to do.
 *
 * @throws `ConfigError` for an invalid option; the signal's reason
 */
export async function doctor(store: StateStore, options: CallOptions = {}): Promise<readonly Finding[]> {
  const core = internalsOf(store);
  requireOptions(options, OPTIONS);
  const { signal } = options;
  const call: CallOptions = signal ? { signal } : {};
  return core.track(async () => {
    const findings = createFindings(call);
    examineRuntime(findings, process.versions);
    if (await examineMetastore(core, findings, call)) await examineObjectStores(core, findings, call);
    return findings.all;
  });
}

import type { CallOptions } from '../../async/deadline.ts';
import { anything, type Checks } from '../../model/checks.ts';
import { internalsOf } from '../../state-store/internals.ts';
import type { StateStore } from '../../state-store/state-store.ts';
import { examineMetastore } from './metastore.ts';
import { examineObjectStores } from './object-stores.ts';
import { createFindings, type Finding } from './finding.ts';
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
    runtimeFinding(findings);
    if (await examineMetastore(core, findings, call)) await examineObjectStores(core, findings, call);
    return findings.all;
  });
}

function runtimeFinding(findings: ReturnType<typeof createFindings>): void {
  const { node } = process.versions;
  const [major = 0, minor = 0] = node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) findings.ok('runtime', `Node ${node}`);
  else findings.error('runtime', `Node ${node} is too old`, 'Use Node 20.19 or newer.');
}

import { describe } from '@jest/globals';
import { useMaintenance, type Places } from './maintenance-parts.ts';
import { reconcileTests } from './maintenance-reconcile.ts';
import { recoverTests } from './maintenance-recover.ts';
import { sweepTests } from './maintenance-sweep.ts';
import type { MetastoreRig } from './metastore-parts.ts';

/** What clean-up must do, whatever the stores are. */
export function maintenanceContract(stores: string, start: () => Promise<MetastoreRig>, places: () => Promise<Places>): void {
  describe(`clean-up on ${stores}`, () => {
    const bench = useMaintenance(start, places);
    sweepTests(bench);
    reconcileTests(bench);
    recoverTests(bench);
  });
}

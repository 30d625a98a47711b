import { expectTypeOf } from 'expect-type';
import {
  doctor,
  reconcile,
  recover,
  sweep,
  type Finding,
  type RecoveredEntry,
  type StateEvent,
  type StateStore,
  type SweepReport,
} from 'mooring';

declare const store: StateStore;
declare const signal: AbortSignal;

expectTypeOf(sweep(store)).resolves.toEqualTypeOf<SweepReport>();
void sweep(store, {
  signal,
  dryRun: true,
  batch: 100,
  grace: '2h',
  onProgress: ({ objects, failed }) => void [objects, failed[0]?.code],
});
expectTypeOf(reconcile(store, { apply: true, maxShare: 0.2, grace: 3_600_000, signal })).resolves.toEqualTypeOf<SweepReport>();
expectTypeOf(recover(store, { apply: true, signal })).resolves.toEqualTypeOf<{
  entries: number;
  skipped: number;
  unreadable: number;
}>();
void recover(store, { onEntry: (entry) => expectTypeOf(entry).toEqualTypeOf<RecoveredEntry>() });
expectTypeOf(doctor(store, { signal })).resolves.toEqualTypeOf<readonly Finding[]>();
expectTypeOf<Finding['level']>().toEqualTypeOf<'ok' | 'warning' | 'error'>();

// It acts by itself; the others are asked to.
// @ts-expect-error: no `apply`
void sweep(store, { apply: true });
// @ts-expect-error: no `dryRun`
void reconcile(store, { dryRun: false });
// @ts-expect-error: lengths of time are durations
void sweep(store, { grace: 'a day' });

declare const event: StateEvent;
if (event.type === 'sweep') expectTypeOf(event.report).toEqualTypeOf<SweepReport>();

import { expectTypeOf } from 'expect-type';
import { checkedObjectStore, type Clock, type ObjectStore, type StateEvent, type StateStore } from 'mooring';
import {
  fakeClock,
  memoryObjectStore,
  objectStoreContract,
  memoryStateStore,
  testTask,
  type ContractCase,
  type Gap,
  type KilledError,
} from 'mooring/testing';

const store = memoryStateStore({ clock: fakeClock(new Date(0)), objectStore: memoryObjectStore(), offloadThreshold: 0 });
expectTypeOf(store).toExtend<StateStore>();
expectTypeOf(store.events).toEqualTypeOf<readonly StateEvent[]>();
expectTypeOf(fakeClock()).toExtend<Clock>();
fakeClock().advance('1h');

const task = testTask<{ cursor: number }>(store, { flow: 'f', run: 'r', task: 't' });
expectTypeOf(task.attempt((ctx) => ctx.state.get('cursor'))).resolves.toEqualTypeOf<number | undefined>();
expectTypeOf(task.attempt(async (ctx) => ctx.attempt, { killAt: 'G5' })).resolves.toEqualTypeOf<number>();
// @ts-expect-error: the crash table ends at G12
void task.attempt(async () => 1, { killAt: 'G13' });
expectTypeOf<KilledError['gap']>().toEqualTypeOf<Gap>();
// @ts-expect-error: the shape is held to what can be stored
testTask<{ at: Date }>(store);

expectTypeOf(objectStoreContract({ open: () => ({ store: memoryObjectStore() }) })).items.toEqualTypeOf<ContractCase>();
expectTypeOf<ContractCase['run']>().toEqualTypeOf<() => Promise<void>>();
// @ts-expect-error: it has to know how to open a store
objectStoreContract({ histories: 1 });
const own = checkedObjectStore({ ...memoryObjectStore(), alias: 'own' });
expectTypeOf(own).toExtend<ObjectStore>();

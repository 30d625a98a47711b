import { closedMetastore, openMetastore, type Metastore, type OpenMetastore } from '../../src/metastore/metastore.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';

/** Stores whose calls a test sees, delays, fails, or lets happen without an answer. */

/** One call of a store. */
export interface InterceptedCall {
  method: string;
  args: readonly unknown[];
}

/** Decides about a call; `proceed` makes it. */
export type Intercept = (call: InterceptedCall, proceed: () => unknown) => unknown;

function intercepted<Target extends object>(target: Target, intercept: Intercept): Target {
  return new Proxy(target, {
    get(_target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) =>
        intercept({ method: String(property), args }, () => (value as (...all: unknown[]) => unknown).apply(target, args));
    },
  });
}

/** A metastore whose operations are intercepted. */
export function interceptMetastore(inner: Metastore, intercept: Intercept): Metastore {
  return closedMetastore((context): OpenMetastore => intercepted(openMetastore(inner, context), intercept));
}

/** An object store whose operations are intercepted. */
export function interceptObjectStore(inner: ObjectStore, intercept: Intercept): ObjectStore {
  return intercepted(inner, intercept);
}

/** The same for what concerns values: what the stores tell each other of themselves happens as ever. */
export function interceptValues(inner: ObjectStore, intercept: Intercept): ObjectStore {
  return interceptObjectStore(inner, (call, proceed) =>
    String(call.args[0]).includes('/generation=/') ? proceed() : intercept(call, proceed),
  );
}

/** Writes down the methods that are called. */
export function recorder(): { calls: string[]; intercept: Intercept } {
  const calls: string[] = [];
  return {
    calls,
    intercept: ({ method }, proceed) => {
      calls.push(method);
      return proceed();
    },
  };
}

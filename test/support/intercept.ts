import { closedMetastore, openMetastore, type Metastore } from '../../src/metastore/metastore.ts';
import { wrapOperations, type OperationName } from '../../src/metastore/operations.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';

/** Stores whose calls a test sees, delays, fails, or lets happen without an answer. */

/** One call of a store. That of a metastore names its group too: `values.read`. */
export interface InterceptedCall<Method extends string = string> {
  method: Method;
  args: readonly unknown[];
}

/** Decides about a call; `proceed` makes it. */
export type Intercept<Method extends string = string> = (call: InterceptedCall<Method>, proceed: () => unknown) => unknown;

/** Decides about the calls of a metastore. */
export type InterceptOperation = Intercept<OperationName>;

/** A metastore whose operations are intercepted. */
export function interceptMetastore(inner: Metastore, intercept: InterceptOperation): Metastore {
  return closedMetastore((context) =>
    wrapOperations(openMetastore(inner, context), (operation, method) => (...args) => {
      return intercept({ method, args }, () => operation(...args));
    }),
  );
}

/** An object store whose operations are intercepted. */
export function interceptObjectStore(inner: ObjectStore, intercept: Intercept): ObjectStore {
  return new Proxy(inner, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) =>
        intercept({ method: String(property), args }, () => (value as (...all: unknown[]) => unknown).apply(target, args));
    },
  });
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

import { memoryMetastore } from '../../src/metastore/memory/store.ts';
import { closedMetastore, openMetastore, type Metastore, type OpenMetastore } from '../../src/metastore/metastore.ts';

/** A memory metastore that can lose everything, its namespace's birth too, under the stores that use it. */
export function flushable(): { metastore: Metastore; flush: () => void } {
  const opened: (() => void)[] = [];
  const metastore = closedMetastore((context) => {
    let current = openMetastore(memoryMetastore(), context);
    opened.push(() => (current = openMetastore(memoryMetastore(), context)));
    const late =
      (property: string) =>
      (...args: unknown[]) =>
        (Reflect.get(current, property) as (...all: unknown[]) => unknown)(...args);
    return new Proxy({} as OpenMetastore, {
      get: (_, property) => (property === 'name' ? current.name : late(String(property))),
    });
  });
  return { metastore, flush: () => opened.forEach((forget) => forget()) };
}

import { openMemory } from '../../src/metastore/memory/store.ts';
import { memoryData, peekScope, type MemoryData } from '../../src/metastore/memory/scope.ts';
import { closedMetastore } from '../../src/metastore/metastore.ts';
import type { MetastoreRig } from '../contract/metastore-parts.ts';

/** The memory metastore, with its data in reach of the test. */
export function memoryRig(): MetastoreRig {
  const namespaces = new Map<string, MemoryData>();
  let shift = 0;
  const dataOf = (namespace: string): MemoryData => {
    const data = namespaces.get(namespace) ?? memoryData();
    namespaces.set(namespace, data);
    return data;
  };
  return {
    metastore: () => closedMetastore((context) => openMemory(dataOf(context.namespace), context)),
    shift: () => shift,
    advance: async (ms) => {
      shift += ms;
    },
    async stored(namespace, path) {
      const hash = peekScope(dataOf(namespace), path, Date.now() + shift);
      if (!hash) return new Map();
      const bodies = [...hash.bodies].map(([field, body]) => [field, Buffer.from(body).toString('latin1')] as const);
      return new Map([...hash.fields, ...bodies]);
    },
    async tamper(namespace, path, field, text) {
      const fields = dataOf(namespace).scopes.get(path)?.fields;
      if (text === undefined) fields?.delete(field);
      else fields?.set(field, text);
    },
    contents: async () => new Map(structuredClone([...namespaces])),
    async backup() {
      const copy = structuredClone([...namespaces]);
      return async () => {
        for (const data of namespaces.values()) Object.assign(data, memoryData());
        for (const [namespace, data] of structuredClone(copy)) Object.assign(dataOf(namespace), data);
      };
    },
    async flush() {
      for (const data of namespaces.values()) Object.assign(data, memoryData());
    },
    async reset() {
      namespaces.clear();
      shift = 0;
    },
    stop: async () => undefined,
  };
}

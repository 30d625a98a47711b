import type { CallOptions } from '../../async/deadline.ts';
import { giveBirth, lineageOf, raiseGeneration } from './lineage.ts';
import { addItems, clearScope, forgetOrphan, inspectScope, listOrphan, requestCancel, settleScope } from './operators.ts';
import { answerRecord, takeFence, drawFence, refreshRecord, writeRecord } from './records.ts';
import { heldObjects, restoreEntry } from './restore.ts';
import { memoryData, NAME, peekScope, type MemoryData } from './scope.ts';
import { duePaths, forgetObjects, sweepEnd, sweepPage } from './sweep.ts';
import { listValues, readEntries, writeValues } from './values.ts';
import { closedMetastore, type Metastore, type MetastoreContext, type OpenMetastore } from '../metastore.ts';
import { believe } from '../replies.ts';

/**
 * A metastore in this process's memory, for tests and for trying out. It keeps the same texts as Redis would, decides in the
 * same order, and takes the store's clock for the server's. Stores that are given the same one share what it holds.
 */
export function memoryMetastore(): Metastore {
  const namespaces = new Map<string, MemoryData>();
  return closedMetastore((context) => {
    const data = namespaces.get(context.namespace) ?? memoryData();
    namespaces.set(context.namespace, data);
    return openMemory(data, context);
  });
}

/** The operations on one namespace. Each is one step without a wait, and so atomic. */
export function openMemory(data: MemoryData, { clock }: Pick<MetastoreContext, 'clock'>): OpenMetastore {
  const step = async <T>({ signal }: CallOptions, run: (now: number) => T): Promise<T> => {
    signal?.throwIfAborted();
    // Times are whole milliseconds in the texts, also if a test's clock is finer.
    return run(Math.floor(clock.now()));
  };
  return {
    name: NAME,
    ready: (call) => step(call, () => undefined),
    now: (call) => step(call, (now) => now),
    draw: (scope, call) => step(call, (now) => drawFence(data, scope, now)),
    begin: (scope, request, call) => step(call, (now) => takeFence(data, scope, request, now)),
    read: (scope, names, call) => step(call, (now) => readEntries(data, scope, names, now)),
    write: (scope, write, call) => step(call, (now) => believe(writeValues(data, scope, write, now), write.resent, NAME)),
    async *list(scope, call) {
      yield* await step(call, (now) => listValues(data, scope, now));
    },
    clear: (scope, id, call) => step(call, (now) => clearScope(data, scope, id, now)),
    writeRecord: (scope, write, call) => step(call, (now) => believe(writeRecord(data, scope, write, now), write.resent, NAME)),
    refresh: (scope, record, call) => step(call, (now) => refreshRecord(data, scope, record, now)),
    listOrphan: (scope, orphan, call) => step(call, (now) => listOrphan(data, scope, orphan, now)),
    settle: (scope, request, call) => step(call, (now) => settleScope(data, scope, request, now)),
    requestCancel: (scope, request, call) => step(call, (now) => requestCancel(data, scope, request, now)),
    addItems: (scope, request, call) => step(call, (now) => addItems(data, scope, request, now)),
    answerRecord: (scope, answer, call) => step(call, (now) => answerRecord(data, scope, answer, now)),
    forgetOrphan: (scope, orphan, call) => step(call, (now) => forgetOrphan(data, scope, orphan, now)),
    async *scopes(prefix, call) {
      const paths = await step(call, (now) => [...data.scopes.keys()].filter((path) => peekScope(data, path, now)));
      for (const path of paths) if (path.startsWith(prefix)) yield path;
    },
    inspect: (scope, call) => step(call, (now) => inspectScope(data, scope, now)),
    async *due(until, call) {
      yield* await step(call, () => duePaths(data, until));
    },
    sweepPage: (scope, request, call) => step(call, (now) => sweepPage(data, scope, request, now)),
    forgetObjects: (scope, objects, call) => step(call, (now) => forgetObjects(data, scope, objects, now)),
    sweepEnd: (scope, end, call) => step(call, (now) => sweepEnd(data, scope, end, now)),
    holds: (scope, objects, call) => step(call, (now) => heldObjects(data, scope, objects, now)),
    restore: (scope, entry, call) => step(call, (now) => restoreEntry(data, scope, entry, now)),
    lineage: (call) => step(call, () => lineageOf(data)),
    bear: (name, call) => step(call, (now) => giveBirth(data, name, now)),
    raise: (generation, call) => step(call, () => raiseGeneration(data, generation)),
    facts: (call) => step(call, (now) => ({ servers: [], now })),
  };
}

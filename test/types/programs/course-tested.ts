import assert from 'node:assert/strict';
import { fakeClock, memoryStateStore, testTask } from 'mooring/testing';
import { publish } from './course.ts';

/** A processor under test, without Redis, a queue or a clock. */

const task = testTask<{ fileId: string; cursor: number }>(memoryStateStore({ clock: fakeClock() }));
const course = { id: 'c1', revision: 3, chapters: [] };
await assert.rejects(task.attempt((ctx) => publish(course, ctx), { killAt: 'G9' }));
assert.equal(await task.attempt((ctx) => publish(course, ctx)), 3);

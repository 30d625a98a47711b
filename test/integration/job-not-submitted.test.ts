import { expect, test } from '@jest/globals';
import { NotSubmittedError, submitRequest } from '../../src/index.ts';
import { memoryStateStore } from '../../src/testing.ts';
import { externalSystem } from '../support/external-system.ts';
import { faultySystem, type Answer } from '../support/faulty-system.ts';
import { freePort } from '../../scripts/free-port.ts';
import { testRuntime } from '../support/runtime.ts';

/** What `submitRequest` changes for the task: a plain system, which recognises nothing and cannot be searched. */

function plainTask() {
  const system = externalSystem({ kind: 'plain', activeLooks: 1 });
  const task = testRuntime(memoryStateStore(), { createdAt: new Date(0) });
  const attempt = async (url: string): Promise<unknown> => {
    const job = system.job({
      submit: async (_input, { signal }) => {
        const response = await submitRequest(async () => fetch(url, { method: 'POST', body: '{}', signal }));
        return response.text();
      },
      getStatus: async () => ({ state: 'succeeded' }),
      getResult: async (id) => `result of ${id}`,
    });
    return task.attempt((ctx) => ctx.run(job, 'clip')).catch((error: unknown) => error);
  };
  return { attempt };
}

const accept: Answer = (response) => response.end('job-1');

test('the first attempt after a system was down submits without a person', async () => {
  const { attempt } = plainTask();
  const down = `http://127.0.0.1:${await freePort()}`;
  const up = await faultySystem(accept);

  const failed = [await attempt(down), await attempt(down)];
  const result = await attempt(up.url);

  expect(failed).toEqual([expect.any(NotSubmittedError), expect.any(NotSubmittedError)]);
  expect(result).toBe('result of job-1');
  expect(up.received).toBe(1);
  await up.stop();
});

test('a system that hangs up after it has read the request gets no second one', async () => {
  const { attempt } = plainTask();
  const system = await faultySystem((response) => response.socket?.destroy());

  await attempt(system.url);
  const next = await attempt(system.url);

  expect(next).toMatchObject({ code: 'mooring.ambiguous-submit' });
  expect(system.received).toBe(1);
  await system.stop();
});

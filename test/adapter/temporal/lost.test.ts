import { describe, expect } from '@jest/globals';
import { openTemporal } from '../../../src/cli/temporal/client.ts';
import { GENERATIONS } from '../../support/temporal.ts';
import { until } from '../../support/until.ts';
import { declareStories, pending } from './world.ts';

/** What the command `mooring lost` hears of a real Temporal server. */

const ACTIVITY = { namespace: 'default', activity: '1' };
const GONE = '01900000-0000-7000-8000-000000000000';

describe.each(GENERATIONS)('%s', (generation) => {
  const story = declareStories(generation);

  story('an activity has an end only once its workflow says so', async ({ start, step, client, rig }) => {
    let released = false;
    const temporal = await openTemporal(rig.address);
    const handle = await start(
      'steps',
      step(async () => until(() => released)),
    );
    await until(async () => (await pending(client, handle)) !== undefined);
    const { workflowId: workflow } = handle;
    const { runId: run } = await handle.describe();
    const end = (more: object = {}) => temporal.end({ ...ACTIVITY, workflow, run, ...more }, {});

    try {
      expect(await end()).toBeUndefined();
      expect(await end({ activity: '2' })).toBe('the activity is over, and its workflow goes on');
      await handle.terminate();
      expect(await end()).toBe('its workflow is terminated');
      expect(await end({ run: GONE })).toBe('Temporal does not know its workflow any more');
    } finally {
      released = true;
      await temporal.close();
    }
  });
});

import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { createServer } from 'node:tls';
import { describe, expect } from '@jest/globals';
import { openTemporal } from '../../../src/cli/temporal/client.ts';
import { CERTIFICATE, PRIVATE_KEY } from '../../support/certificate.ts';
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
    const temporal = await openTemporal(rig.address, {});
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

  story('a server with TLS is asked with the certificates of the variables', async ({ rig }) => {
    const [host = '', port] = rig.address.split(':');
    const front = createServer({ cert: CERTIFICATE, key: PRIVATE_KEY, ALPNProtocols: ['h2'] }, (socket) => {
      const behind = connect(Number(port), host);
      pipeline(socket, behind, socket, () => undefined);
    });
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    const address = `localhost:${(front.address() as AddressInfo).port}`;

    try {
      const temporal = await openTemporal(address, { TEMPORAL_TLS: 'true', TEMPORAL_TLS_SERVER_CA_CERT_DATA: CERTIFICATE });
      const end = await temporal.end({ ...ACTIVITY, workflow: 'none', run: GONE }, {});
      await temporal.close();
      expect(end).toBe('Temporal does not know its workflow any more');
    } finally {
      front.close();
    }
  });
});

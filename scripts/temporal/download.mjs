/**
 * Lets Temporal's SDK download its server, as it does for its users: `node download.mjs FOLDER VERSION`. A process of its own,
 * since the SDK's download can be neither bounded nor stopped from outside.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const LONGEST = 120_000;

const [downloadDir, version] = process.argv.slice(2);
setTimeout(() => process.exit(1), LONGEST).unref();
const executable = { type: 'cached-download', downloadDir, version };
const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
await environment.teardown();

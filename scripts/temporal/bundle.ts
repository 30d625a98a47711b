/** The workflows of the demo and of the crash tests, bundled once for all workers. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** Bundles them into a folder, and gives the file. */
export async function bundleWorkflows(folder: string): Promise<string> {
  const workflowsPath = fileURLToPath(new URL('workflows.ts', import.meta.url));
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  const bundle = join(folder, 'workflows.js');
  await writeFile(bundle, code);
  return bundle;
}

import { runtimeProgram } from '../../scripts/runtimes.ts';
import { openProject } from './project.ts';
import { describeRuntime } from './smoke.ts';

describeRuntime('Deno', async () => openProject([await runtimeProgram('deno'), 'run', '--allow-all']), /^ok +runtime: Deno \d/);

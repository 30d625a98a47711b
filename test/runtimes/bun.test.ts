import { runtimeProgram } from '../../scripts/runtimes.ts';
import { openProject } from './project.ts';
import { describeRuntime } from './smoke.ts';

describeRuntime('Bun', async () => openProject([await runtimeProgram('bun')]), /^ok +runtime: Bun \d/);

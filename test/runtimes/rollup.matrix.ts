import { describeBundler } from './bundles.ts';

describeBundler('rollup', 'Rollup');

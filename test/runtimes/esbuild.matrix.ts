import { describeBundler } from './bundles.ts';

describeBundler('esbuild', 'esbuild');

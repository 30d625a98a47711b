import { describeBundler } from './bundles.ts';

describeBundler('webpack', 'webpack');

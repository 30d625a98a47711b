/** Bundlers, with what they need to make a program for Node. */
import { installFromNpm } from './npm-install.ts';

/** Packages and their versions, by the bundler's name. */
export const BUNDLERS = {
  esbuild: { esbuild: '0.28.2' },
  rollup: {
    rollup: '4.68.8',
    '@rollup/plugin-commonjs': '29.0.3',
    '@rollup/plugin-json': '6.1.0',
    '@rollup/plugin-node-resolve': '16.0.3',
  },
  webpack: { webpack: '5.113.0' },
} as const satisfies Record<string, Readonly<Record<string, string>>>;

/** The name of one. */
export type BundlerName = keyof typeof BUNDLERS;

/** The `node_modules` folder that holds a bundler. */
export function bundlerFolder(name: BundlerName): Promise<string> {
  const packages: Readonly<Record<string, string>> = BUNDLERS[name];
  return installFromNpm(`${name}@${packages[name]}`, packages);
}

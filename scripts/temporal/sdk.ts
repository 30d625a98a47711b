/** Other versions of Temporal's SDK, installed from the npm registry into the cache: nothing of the checkout changes. */
import { installFromNpm } from '../npm-install.ts';

/** The lowest version that the peers allow. */
export const OLDEST_SDK = '1.21.0';
/** The highest version that is tested: the one of the checkout. */
export const NEWEST_SDK = '1.24.0';

const PACKAGES = ['activity', 'client', 'common', 'worker', 'workflow'];

/** What is installed. */
export interface SdkOptions {
  /** Names below `@temporalio`. @defaultValue what an application needs */
  packages?: readonly string[];
  /** Versions of other packages that are installed with them. @defaultValue none */
  beside?: Readonly<Record<string, string>>;
}

/**
 * The `node_modules` folder that holds a version of the SDK, as npm lays it out.
 *
 * @throws Error with one sentence that says why there is none.
 */
export async function sdkFolder(version: string, { packages = PACKAGES, beside = {} }: SdkOptions = {}): Promise<string> {
  const others = Object.entries(beside).map(([name, range]) => `${name}@${range}`);
  const name = [`temporalio@${version}`, ...(packages === PACKAGES ? [] : packages), ...others].join('+');
  return installFromNpm(name, { ...Object.fromEntries(packages.map((own) => [`@temporalio/${own}`, version])), ...beside });
}

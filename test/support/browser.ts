import { chromium, type Browser } from 'playwright-core';
import { chromium as chromiumPath } from '../../scripts/chromium/binary.ts';

/** One real Chromium for a test file. It ends with this process. */
export async function startBrowser(): Promise<Browser> {
  // As root, which containers run tests as, it refuses to start with its sandbox. It opens nothing but the test's own pages.
  return chromium.launch({ executablePath: await chromiumPath(), args: ['--no-sandbox'] });
}

import { expect, test } from '@jest/globals';
import { createFindings } from '../../../../src/maintenance/doctor/finding.ts';
import { examineRuntime } from '../../../../src/maintenance/doctor/runtime.ts';

test.each([
  [{ node: '20.19.0' }, 'ok', 'Node 20.19.0'],
  [{ node: '26.10.0' }, 'ok', 'Node 26.10.0'],
  [{ node: '20.18.3' }, 'error', 'Node 20.18.3 is too old'],
  [{ node: '26.3.0', bun: '1.4.5' }, 'ok', 'Bun 1.4.5'],
  [{ node: '26.3.0', deno: '2.9.6' }, 'ok', 'Deno 2.9.6'],
])('%p', (versions, level, message) => {
  const findings = createFindings({});

  examineRuntime(findings, versions);

  expect(findings.all).toMatchObject([{ check: 'runtime', level, message }]);
});

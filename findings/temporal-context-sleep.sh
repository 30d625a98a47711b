#!/usr/bin/env bash
# Every call of `sleep()` of Temporal's activity context keeps memory until the activity ends.
#
# Versions: @temporalio/activity and @temporalio/testing 1.24.0 (no server), on Node 20.20.2.
#
# Guess: What a `sleep()` needs is freed when it is over. The documented way to wait in an activity can be called in a
# loop for days.
#
# What happens: Each call leaves something behind on the promise of the cancellation, about 1.2 kB, as long as the
# activity runs. Waiting with `setTimeout` of `node:timers/promises` and `cancellationSignal` leaves nothing behind.
#
# Matters: An activity that holds on to an external job looks at it again and again. At one look a second that is about
# 100 MB a day for each activity, in a worker that runs many.
#
# Output seen, and expected:
#   > Context.sleep: more than 500 bytes a call are kept: true
#   > timers/promises with cancellationSignal: more than 500 bytes a call are kept: false
set -euo pipefail

for tool in node npm; do
  command -v "$tool" > /dev/null || { echo "$tool is not in PATH" >&2; exit 2; }
done
expected=$(sed -n 's/^#   > //p' "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 2' INT TERM
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-save --no-audit --no-fund --loglevel=error @temporalio/activity@1.24.0 @temporalio/testing@1.24.0 || exit 2

cat > finding.mjs << 'EOF'
import { appendFileSync } from 'node:fs';
import { setTimeout as timer } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';

const see = (line) => appendFileSync('seen', `${line}\n`);
setTimeout(() => {
  console.error('not done after 30 seconds');
  process.exit(1);
}, 30_000).unref();

const CALLS = 40_000;
const env = new MockActivityEnvironment();
env.on('error', () => {});
const kept = (wait) =>
  env.run(async () => {
    const many = async (calls) => {
      for (let done = 0; done < calls; done += 1_000) await Promise.all(Array.from({ length: 1_000 }, wait));
    };
    const heap = () => {
      globalThis.gc();
      return process.memoryUsage().heapUsed;
    };
    await many(10_000);
    const before = heap();
    await many(CALLS);
    return (heap() - before) / CALLS;
  });
const waits = {
  'Context.sleep': () => Context.current().sleep(1),
  'timers/promises with cancellationSignal': () => timer(1, undefined, { signal: Context.current().cancellationSignal }),
};
for (const [name, wait] of Object.entries(waits)) {
  const bytes = await kept(wait);
  console.error(`${name}: ${bytes.toFixed(1)} bytes a call`);
  see(`${name}: more than 500 bytes a call are kept: ${bytes > 500}`);
}
process.exit();
EOF

touch seen
NODE_NO_WARNINGS=1 node --expose-gc finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }

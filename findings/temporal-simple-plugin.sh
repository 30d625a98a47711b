#!/usr/bin/env bash
# Temporal's SimplePlugin drops the activity interceptors that a plugin before it has set as `activityInbound`.
#
# Versions: @temporalio/plugin 1.24.0 (no server), on Node 20.20.2.
#
# Guess: A plugin adds its interceptors to those that the worker has. The order of two plugins decides which one is
# outside, not which one works.
#
# What happens: A SimplePlugin with interceptors of its own makes the list of interceptors anew from the kinds that it
# knows. `activityInbound`, which `WorkerInterceptors` has as well, is not among them. A SimplePlugin without
# interceptors passes it on.
#
# Matters: A plugin that keeps the state of activities, or traces them, is switched off by another one after it,
# without an error. Use the newer kind, `activity`, which is kept.
#
# Output seen, and expected:
#   > before: activity 1, activityInbound 1
#   > after a SimplePlugin with interceptors: activity 2, activityInbound 0
#   > after a SimplePlugin without: activity 1, activityInbound 1
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
npm install --no-save --no-audit --no-fund --loglevel=error @temporalio/plugin@1.24.0 || exit 2

cat > finding.mjs << 'EOF'
import { appendFileSync } from 'node:fs';
import { SimplePlugin } from '@temporalio/plugin';

const see = (line) => appendFileSync('seen', `${line}\n`);
setTimeout(() => {
  console.error('not done after 30 seconds');
  process.exit(1);
}, 30_000).unref();

const counts = ({ interceptors: { activity = [], activityInbound = [] } }) =>
  `activity ${activity.length}, activityInbound ${activityInbound.length}`;
const options = () => ({ interceptors: { activity: [() => ({})], activityInbound: [() => ({})] } });
const own = new SimplePlugin({ name: 'own', workerInterceptors: { activity: [() => ({})] } });
const none = new SimplePlugin({ name: 'none' });
see(`before: ${counts(options())}`);
see(`after a SimplePlugin with interceptors: ${counts(own.configureWorker(options()))}`);
see(`after a SimplePlugin without: ${counts(none.configureWorker(options()))}`);
process.exit();
EOF

touch seen
node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }

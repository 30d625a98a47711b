#!/usr/bin/env bash
# The event `closing` of a BullMQ worker comes before `worker.closing` is set.
#
# Versions: bullmq 5.64.0 (with its own ioredis) and 6.7.0 (with ioredis 6.0.0), on redis-server 7.0.15 and Node
# 20.20.2.
#
# Guess: A listener of `closing`, and what it calls, can ask `worker.closing` whether the worker closes.
#
# What happens: During the event `worker.closing` is still undefined. It is set right after the listeners have
# returned.
#
# Matters: Code that hands jobs back when a worker closes often has one function for both ways to learn of it, the
# event and the property. Called from the event, such a function decides that the worker goes on. Seen in both majors.
#
# Output seen, and expected:
#   > 5.64.0: in the listener undefined, in the next microtask a promise
#   > 6.7.0: in the listener undefined, in the next microtask a promise
set -euo pipefail

for tool in node npm redis-server; do
  command -v "$tool" > /dev/null || { echo "$tool is not in PATH" >&2; exit 2; }
done
expected=$(sed -n 's/^#   > //p' "$0")
folder=$(mktemp -d)
server=
cleanup() {
  [ -z "$server" ] || kill "$server" 2> /dev/null || true
  wait
  rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 2' INT TERM
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-save --no-audit --no-fund --loglevel=error \
  bullmq-5.64.0@npm:bullmq@5.64.0 bullmq-6.7.0@npm:bullmq@6.7.0 ioredis@6.0.0 || exit 2

redis-server --port 0 --unixsocket "$folder/redis.sock" --save '' --appendonly no --dir "$folder" > redis.log 2>&1 &
server=$!
until grep -q 'Ready to accept\|ready to accept' redis.log; do
  kill -0 "$server" 2> /dev/null || { cat redis.log >&2; exit 2; }
  sleep 0.05
done
export REDIS_SOCKET="$folder/redis.sock"

cat > finding.mjs << 'EOF'
import { appendFileSync } from 'node:fs';
const connection = { path: process.env.REDIS_SOCKET, maxRetriesPerRequest: null };
const see = (line) => appendFileSync('seen', `${line}\n`);
setTimeout(() => {
  console.error('not done after 30 seconds');
  process.exit(1);
}, 30_000).unref();

for (const version of ['5.64.0', '6.7.0']) {
  const { Worker } = await import(`bullmq-${version}`);
  const worker = new Worker(`q${version}`, async () => {}, { connection });
  await worker.waitUntilReady();
  const closing = () => (worker.closing instanceof Promise ? 'a promise' : String(worker.closing));
  const seen = [];
  worker.on('closing', () => {
    seen.push(closing());
    queueMicrotask(() => seen.push(closing()));
  });
  await worker.close();
  see(`${version}: in the listener ${seen[0]}, in the next microtask ${seen[1]}`);
}
process.exit();
EOF

touch seen
node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }

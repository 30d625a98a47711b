#!/usr/bin/env bash
# BullMQ's `removeOrphanedJobs()` deletes keys of yours that begin as the queue's keys do.
#
# Versions: bullmq 6.7.0 with ioredis 6.0.0, on redis-server 7.0.15 and Node 20.20.2.
#
# Guess: The method removes jobs that no list of the queue has any more. A key that is no job, such as a hash of your
# own beside the queue, is none of its business.
#
# What happens: It takes every key `bull:<queue>:<name>` that it does not know for a job without a place, and deletes
# it. A key below the key of a job that exists stays.
#
# Matters: It is natural to keep the state of jobs beside them, under the prefix of the queue, so that it is found and
# in the same slot of a cluster. One call of a cleaning method then deletes it.
#
# Output seen, and expected:
#   > removeOrphanedJobs() says 2
#   > bull:q:state deleted
#   > bull:q:cursor deleted
#   > bull:q:1:state kept
#   > bull:q:1 kept
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
npm install --no-save --no-audit --no-fund --loglevel=error bullmq@6.7.0 ioredis@6.0.0 || exit 2

redis-server --port 0 --unixsocket "$folder/redis.sock" --save '' --appendonly no --dir "$folder" > redis.log 2>&1 &
server=$!
until grep -q 'Ready to accept\|ready to accept' redis.log; do
  kill -0 "$server" 2> /dev/null || { cat redis.log >&2; exit 2; }
  sleep 0.05
done
export REDIS_SOCKET="$folder/redis.sock"

cat > finding.mjs << 'EOF'
import { appendFileSync } from 'node:fs';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';

const connection = { path: process.env.REDIS_SOCKET, maxRetriesPerRequest: null };
const redis = new Redis(process.env.REDIS_SOCKET);
const see = (line) => appendFileSync('seen', `${line}\n`);
setTimeout(() => {
  console.error('not done after 30 seconds');
  process.exit(1);
}, 30_000).unref();

const queue = new Queue('q', { connection });
await queue.add('x', {});
await redis.hset('bull:q:state', { page: '7' });
await redis.set('bull:q:cursor', '7');
await redis.hset('bull:q:1:state', { page: '7' });
see(`removeOrphanedJobs() says ${await queue.removeOrphanedJobs()}`);
for (const key of ['bull:q:state', 'bull:q:cursor', 'bull:q:1:state', 'bull:q:1']) {
  see(`${key} ${(await redis.exists(key)) ? 'kept' : 'deleted'}`);
}
process.exit();
EOF

touch seen
node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }

#!/usr/bin/env bash
# BullMQ's deduplication with `keepLastIfActive` drops the last job while the first waits for its next run.
#
# Versions: bullmq 6.7.0 with ioredis 6.0.0, on redis-server 7.0.15 and Node 20.20.2.
#
# Guess: While a job with the deduplication ID has begun and not ended, the last of the later jobs is kept and runs
# after it.
#
# What happens: That holds only while the first job is in the state active. If its processor has moved it to delayed,
# to go on later, a job that is added is dropped: the first one runs again with its own old data and nothing follows.
# With `reschedule` in addition, the added job is dropped too, and it moves the first one to its own time: that one
# runs at once.
#
# Matters: A processor that gives its slot back between two looks at an external job is delayed most of the time. An
# update that comes then is lost, although the option promises to run the last one.
#
# Output seen, and expected:
#   > added while the first is active: ran v1, v2
#   > added while the first is delayed: ran v1, v1
#   > added while the first is delayed, with reschedule: ran v1, v1, the second time before its hour
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
import { DelayedError, Queue, Worker } from 'bullmq';

const connection = { path: process.env.REDIS_SOCKET, maxRetriesPerRequest: null };
const see = (line) => appendFileSync('seen', `${line}\n`);
setTimeout(() => {
  console.error('not done after 30 seconds');
  process.exit(1);
}, 30_000).unref();
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (holds) => {
  while (!(await holds())) await pause(10);
};

const cases = {
  'added while the first is active': { state: 'active', delay: 0 },
  'added while the first is delayed': { state: 'delayed', delay: 1_000 },
  'added while the first is delayed, with reschedule': { state: 'delayed', delay: 3_600_000, reschedule: true },
};
for (const [name, { state, delay, reschedule }] of Object.entries(cases)) {
  const queue = new Queue(name.replaceAll(/\W/g, '-'), { connection });
  const ran = [];
  let added = false;
  const processor = async (job, token) => {
    ran.push(job.data);
    if (state === 'active') return until(() => added);
    if (ran.length > 1) return;
    await job.moveToDelayed(Date.now() + delay, token);
    throw new DelayedError();
  };
  const worker = new Worker(queue.name, processor, { connection });
  const options = { deduplication: { id: 'one', keepLastIfActive: true, ...(reschedule && { reschedule }) } };
  const first = await queue.add('x', 'v1', options);
  await until(async () => (await first.getState()) === state);
  await queue.add('x', 'v2', options);
  added = true;
  await until(async () => (await first.getState()) === 'completed' && (await queue.getActiveCount()) === 0);
  // Whatever was kept is in the queue by now: it is added with the completion.
  await until(async () => (await queue.getJobCountByTypes('waiting', 'active', 'delayed')) === 0);
  see(`${name}: ran ${ran.join(', ')}${reschedule ? ', the second time before its hour' : ''}`);
  await worker.close();
}
process.exit();
EOF

touch seen
node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }

#!/usr/bin/env bash
# BullMQ's `add` with a job ID that it knows returns a job that looks new: with the data of this call.
#
# Versions: bullmq 5.64.0 (with its own ioredis) and 6.7.0 (with ioredis 6.0.0), on redis-server 7.0.15 and Node
# 20.20.2.
#
# Guess: `add` with the ID of a job that is stored is refused, or returns the stored job, so that its data or its
# result tells that it is not new.
#
# What happens: Nothing is added, and nothing runs. But the job that `add` returns has the data and the time of this
# call, no result and no end, although the stored job is finished. Only the event `duplicated` tells the difference.
#
# Matters: Who starts a job with a key of their own, after a crash, cannot see from the answer whether it was started
# before, nor with which data. The state has to be asked for with `getJob`. Seen in both majors.
#
# Output seen, and expected:
#   > 5.64.0: add returned the data of the second call, no result and no end
#   > 5.64.0: stored are the data of the first call and its result; it ran once
#   > 5.64.0: the event duplicated was told
#   > 6.7.0: add returned the data of the second call, no result and no end
#   > 6.7.0: stored are the data of the first call and its result; it ran once
#   > 6.7.0: the event duplicated was told
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
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (holds) => {
  while (!(await holds())) await pause(10);
};
const whose = ({ data }) => (data.call === 1 ? 'the first call' : 'the second call');

for (const version of ['5.64.0', '6.7.0']) {
  const { Queue, QueueEvents, Worker } = await import(`bullmq-${version}`);
  const queue = new Queue(`q${version}`, { connection });
  const events = new QueueEvents(queue.name, { connection });
  let runs = 0;
  let duplicated = false;
  events.on('duplicated', ({ jobId }) => (duplicated ||= jobId === 'key'));
  await events.waitUntilReady();
  const worker = new Worker(queue.name, async () => ++runs, { connection });

  await queue.add('work', { call: 1 }, { jobId: 'key' });
  await until(async () => (await queue.getJobState('key')) === 'completed');
  const second = await queue.add('work', { call: 2 }, { jobId: 'key' });
  await queue.add('work', { call: 3 }, { jobId: 'other' });
  await until(async () => (await queue.getJobState('other')) === 'completed');
  const stored = await queue.getJob('key');

  const end = second.returnvalue == null && second.finishedOn === undefined ? 'no result and no end' : 'a result or an end';
  see(`${version}: add returned the data of ${whose(second)}, ${end}`);
  const result = stored.returnvalue === 1 ? 'its result' : 'another result';
  see(`${version}: stored are the data of ${whose(stored)} and ${result}; it ran ${runs === 2 ? 'once' : 'again'}`);
  await until(() => duplicated);
  see(`${version}: the event duplicated was told`);
  await worker.close();
  await events.close();
}
process.exit();
EOF

touch seen
node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }

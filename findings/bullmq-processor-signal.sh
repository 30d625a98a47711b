#!/usr/bin/env bash
# BullMQ gives a processor an abort signal only if it declares three parameters without defaults.
#
# Versions: bullmq 5.64.0 (with its own ioredis) and 6.7.0 (with ioredis 6.0.0), on redis-server 7.0.15 and Node
# 20.20.2.
#
# Guess: The signal is the third argument of every processor. A processor that does not need it ignores it, and a
# wrapper such as `(...args) => processor(...args)` passes it on.
#
# What happens: BullMQ reads the `length` of the function. Rest parameters and parameters from the first default on do
# not count in it, so such a processor gets no signal, and `worker.cancelJob()` is false for its jobs.
#
# Matters: Wrappers for tracing or for state are usually written with rest parameters. They take away the cancelling of
# every processor that they wrap, without an error. Seen in both majors.
#
# Output seen, and expected:
#   > 5.64.0, (job, token, signal): a signal, cancelJob true
#   > 5.64.0, (...args): no signal, cancelJob false
#   > 5.64.0, (job, token, signal = null): no signal, cancelJob false
#   > 6.7.0, (job, token, signal): a signal, cancelJob true
#   > 6.7.0, (...args): no signal, cancelJob false
#   > 6.7.0, (job, token, signal = null): no signal, cancelJob false
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

for (const version of ['5.64.0', '6.7.0']) {
  const { Queue, Worker } = await import(`bullmq-${version}`);
  const shapes = {
    '(job, token, signal)': (run) => (job, token, signal) => run(signal),
    '(...args)': (run) => (...args) => run(args[2]),
    '(job, token, signal = null)': (run) => (job, token, signal = null) => run(signal),
  };
  for (const [shape, shaped] of Object.entries(shapes)) {
    const queue = new Queue(`q${version}${shape}`.replaceAll(/[^a-z0-9]/g, '-'), { connection });
    let got;
    let end;
    const processor = shaped((signal) => {
      got = signal ? 'a signal' : 'no signal';
      return new Promise((resolve) => (end = resolve));
    });
    const worker = new Worker(queue.name, processor, { connection });
    const job = await queue.add('x', {});
    await until(() => got);
    see(`${version}, ${shape}: ${got}, cancelJob ${worker.cancelJob(job.id)}`);
    end();
    await worker.close();
    await queue.obliterate({ force: true });
  }
}
process.exit();
EOF

touch seen
node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }

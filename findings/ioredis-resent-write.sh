#!/usr/bin/env bash
# When a connection breaks, ioredis sends an unanswered write again, and so may undo a later write of somebody else.
#
# Versions: ioredis 5.4.0 and 6.0.0, on redis-server 7.0.15 and Node 20.20.2.
#
# Guess: A command whose answer did not come because the connection broke is rejected. Whoever sent it decides whether
# to send it again.
#
# What happens: By default (`autoResendUnfulfilledCommands`) ioredis sends it again after it has connected again, also
# if the server had carried it out. The caller hears OK. INCR counts twice, and a SET puts an old value over what
# another client wrote in between.
#
# Matters: State that several workers write needs a check in the same script (a fence and the number of the write),
# which a second delivery does not pass. A check before the write does not help. Seen in both majors.
#
# Output seen, and expected:
#   > 5.4.0: A writes, the answer is lost, B writes: "B"; A connects again and hears OK: "A"
#   > 5.4.0: one INCR by A, whose answer is lost, counts 2
#   > 6.0.0: A writes, the answer is lost, B writes: "B"; A connects again and hears OK: "A"
#   > 6.0.0: one INCR by A, whose answer is lost, counts 2
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
  ioredis-5.4.0@npm:ioredis@5.4.0 ioredis-6.0.0@npm:ioredis@6.0.0 || exit 2

redis-server --port 0 --unixsocket "$folder/redis.sock" --save '' --appendonly no --dir "$folder" > redis.log 2>&1 &
server=$!
until grep -q 'Ready to accept\|ready to accept' redis.log; do
  kill -0 "$server" 2> /dev/null || { cat redis.log >&2; exit 2; }
  sleep 0.05
done
export REDIS_SOCKET="$folder/redis.sock"

cat > finding.mjs << 'EOF'
import { appendFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';

const see = (line) => appendFileSync('seen', `${line}\n`);
setTimeout(() => {
  console.error('not done after 30 seconds');
  process.exit(1);
}, 30_000).unref();

/** Passes everything on, until it is told to lose the next answer and to hang up. Who connects while it is `held` waits. */
let lost;
let held;
const line = createServer(async (near) => {
  near.on('error', () => near.destroy());
  await held;
  const far = connect(process.env.REDIS_SOCKET);
  const hangUp = () => [near, far].forEach((end) => end.destroy());
  [near, far].forEach((end) => end.on('error', hangUp).on('close', hangUp));
  near.pipe(far);
  far.on('data', (bytes) => {
    if (!lost) return near.write(bytes);
    hangUp();
    lost();
    lost = undefined;
  });
});
await new Promise((resolve) => line.listen(0, '127.0.0.1', resolve));

for (const version of ['5.4.0', '6.0.0']) {
  const { Redis } = await import(`ioredis-${version}`);
  const a = new Redis({ port: line.address().port, host: '127.0.0.1', retryStrategy: () => 20 });
  const b = new Redis(process.env.REDIS_SOCKET);
  /** Sends by A, and does `meanwhile` before A can connect again. */
  const loseAnswer = async (send, meanwhile) => {
    await a.ping();
    const gone = new Promise((resolve) => (lost = resolve));
    let release;
    held = new Promise((resolve) => (release = resolve));
    const answer = send();
    await gone;
    await meanwhile();
    release();
    return answer;
  };
  await b.del('k', 'n');
  let between;
  const answer = await loseAnswer(
    () => a.set('k', 'A'),
    async () => {
      await b.set('k', 'B');
      between = await b.get('k');
    },
  );
  const after = await b.get('k');
  see(`${version}: A writes, the answer is lost, B writes: "${between}"; A connects again and hears ${answer}: "${after}"`);
  await loseAnswer(() => a.incr('n'), async () => {});
  see(`${version}: one INCR by A, whose answer is lost, counts ${await b.get('n')}`);
  a.disconnect();
  b.disconnect();
}
process.exit();
EOF

touch seen
node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }

#!/usr/bin/env bash
# One failed save turns the Google Cloud Storage client's retries off for all later calls.
#
# Versions: @google-cloud/storage 7.22.0 and 8.4.0 against a small HTTP server of the script, on Node 20.20.2.
#
# Guess: Whether a call is retried depends on that call and on the options of the client. A call that is not retried
# because it has no precondition does not touch others.
#
# What happens: The client writes what it decides for one call into the options that all calls share. After a `save()`
# without a precondition has failed, nothing of that `Storage` is retried any more, reading included. Two `delete()` at
# the same time, without a precondition, do the same although both succeed.
#
# Matters: A worker lives for weeks and shares one client. From the first such failure on, every 503 of the server
# reaches its callers. Give every write a precondition (`ifGenerationMatch`).
#
# Output seen, and expected:
#   > 7.22.0: a read during an outage is requested 2 times; after a failed save 1 time
#   > 7.22.0: a read during an outage is requested 2 times; after two deletes at the same time 1 time
#   > 7.22.0: a read during an outage is requested 2 times; after a failed save with a precondition 2 times
#   > 8.4.0: a read during an outage is requested 2 times; after a failed save 1 time
#   > 8.4.0: a read during an outage is requested 2 times; after two deletes at the same time 1 time
#   > 8.4.0: a read during an outage is requested 2 times; after a failed save with a precondition 2 times
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
npm install --no-save --no-audit --no-fund --loglevel=error \
  storage-7.22.0@npm:@google-cloud/storage@7.22.0 storage-8.4.0@npm:@google-cloud/storage@8.4.0 || exit 2

cat > finding.mjs << 'EOF'
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

const see = (line) => appendFileSync('seen', `${line}\n`);
setTimeout(() => {
  console.error('not done after 30 seconds');
  process.exit(1);
}, 30_000).unref();

let requests = 0;
let down = true;
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    requests += 1;
    const body = down ? { error: { code: 503, message: 'busy' } } : { name: 'k', bucket: 'b', generation: '1' };
    response.writeHead(down ? 503 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const apiEndpoint = `http://127.0.0.1:${server.address().port}`;
// The client then asks for no credentials.
process.env.STORAGE_EMULATOR_HOST = apiEndpoint;

const save = (bucket, options) => bucket.file('k').save('x', { resumable: false, ...options }).catch(() => {});
const acts = {
  'a failed save': (bucket) => save(bucket),
  'two deletes at the same time': async (bucket) => {
    down = false;
    await Promise.all(['k', 'l'].map((name) => bucket.file(name).delete()));
    down = true;
  },
  'a failed save with a precondition': (bucket) => save(bucket, { preconditionOpts: { ifGenerationMatch: 0 } }),
};
for (const version of ['7.22.0', '8.4.0']) {
  const { Storage } = await import(`storage-${version}`);
  for (const [name, act] of Object.entries(acts)) {
    const retryOptions = { maxRetries: 1, retryDelayMultiplier: 1, maxRetryDelay: 1 };
    const bucket = new Storage({ apiEndpoint, projectId: 'p', retryOptions }).bucket('b');
    const times = async () => {
      requests = 0;
      await bucket.file('k').getMetadata().catch(() => {});
      return `${requests} time${requests === 1 ? '' : 's'}`;
    };
    const before = await times();
    await act(bucket);
    see(`${version}: a read during an outage is requested ${before}; after ${name} ${await times()}`);
  }
}
process.exit();
EOF

touch seen
NODE_NO_WARNINGS=1 node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }

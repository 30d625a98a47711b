#!/usr/bin/env bash
# The AWS client's own retries turn a put that succeeded into 412, and it does not retry the 409 that asks for it.
#
# Versions: @aws-sdk/client-s3 3.1169.0 against a small HTTP server of the script, on Node 20.20.2.
#
# Guess: PreconditionFailed after a put with `IfNoneMatch: '*'` says that somebody else made the object. And the
# client, which retries what is transient, retries ConditionalRequestConflict as well.
#
# What happens: If the answer to the put is lost, the client sends it again, and meets its own object: the caller gets
# PreconditionFailed for a put that succeeded. A 409 is given to the caller after one attempt.
#
# Matters: Whoever takes 412 for "another worker was faster" throws his own result away, or waits for somebody who does
# not exist. Mark the object (metadata, or a name that is used once) and compare after a 412. Send again after a 409.
#
# Output seen, and expected:
#   > answer lost: PreconditionFailed after 2 attempts; objects made: 1
#   > 409: ConditionalRequestConflict after 1 attempt
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
npm install --no-save --no-audit --no-fund --loglevel=error @aws-sdk/client-s3@3.1169.0 || exit 2

cat > finding.mjs << 'EOF'
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

const see = (line) => appendFileSync('seen', `${line}\n`);
setTimeout(() => {
  console.error('not done after 30 seconds');
  process.exit(1);
}, 30_000).unref();

let objects = 0;
let conflict = false;
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    const refuse = (status, code) => {
      response.writeHead(status, { 'content-type': 'application/xml' }).end(`<Error><Code>${code}</Code></Error>`);
    };
    if (conflict) return refuse(409, 'ConditionalRequestConflict');
    if (objects > 0) return refuse(412, 'PreconditionFailed');
    objects += 1;
    // The object is there, and the connection breaks before the answer.
    request.socket.destroy();
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const s3 = new S3Client({
  endpoint: `http://127.0.0.1:${server.address().port}`,
  forcePathStyle: true,
  region: 'us-east-1',
  credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
});
const put = async () => {
  const command = new PutObjectCommand({ Bucket: 'b', Key: 'k', Body: 'x', IfNoneMatch: '*' });
  const { name, $metadata } = await s3.send(command).then(() => ({ name: 'done', $metadata: {} }), (error) => error);
  return `${name} after ${$metadata.attempts} attempt${$metadata.attempts === 1 ? '' : 's'}`;
};
see(`answer lost: ${await put()}; objects made: ${objects}`);
conflict = true;
see(`409: ${await put()}`);
process.exit();
EOF

touch seen
NODE_NO_WARNINGS=1 node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }

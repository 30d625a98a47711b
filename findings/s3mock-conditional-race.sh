#!/usr/bin/env bash
# S3Mock refuses a second put with If-None-Match, but of many at the same time several succeed.
#
# Versions: S3Mock 5.2.0 (com.adobe.testing:s3mock, Java 17), @aws-sdk/client-s3 3.1169.0, on Node 20.20.2.
#
# Guess: A server that answers 412 to a put with `IfNoneMatch: '*'` of an object that exists lets one of many win.
#
# What happens: One after the other, the second put is refused. Of twenty at the same time, two or more succeed, and the
# bytes of one of them stay.
#
# Matters: A lock, a leader or a "submit once" that rests on conditional puts passes its tests there as long as they run
# one after the other. A test with many at the same time fails now and then. Amazon documents that the first write wins
# and the others get 412.
#
# Output seen, and expected:
#   > one after the other: made, PreconditionFailed
#   > twenty at the same time: two or more were told that they made the object
#   > the object holds the bytes of one of them: true
set -euo pipefail

for tool in node npm java mvn; do
  command -v "$tool" > /dev/null || { echo "$tool is not in PATH" >&2; exit 2; }
done
expected=$(sed -n 's/^#   > //p' "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 2' INT TERM
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-save --no-audit --no-fund --loglevel=error @aws-sdk/client-s3@3.1169.0 || exit 2
mvn -q -B -Dstyle.color=never dependency:copy -Dartifact=com.adobe.testing:s3mock:5.2.0:jar:exec -DoutputDirectory=. > /dev/null || exit 2

cat > finding.mjs << 'EOF'
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

const see = (line) => appendFileSync('seen', `${line}\n`);
const probe = createServer();
await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
const { port } = probe.address();
await new Promise((resolve) => probe.close(resolve));
const options = ['-Djava.io.tmpdir=.', '-jar', 's3mock-5.2.0-exec.jar', `--http.port=${port}`, '--server.port=0'];
const server = spawn('java', options, { stdio: 'ignore' });
process.once('exit', () => server.kill('SIGKILL'));
const endpoint = `http://127.0.0.1:${port}`;
while (!(await fetch(endpoint).then(({ ok }) => ok, () => false))) await new Promise((resolve) => setTimeout(resolve, 50));
setTimeout(() => {
  console.error('not done 30 seconds after the server has begun to answer');
  process.exit(1);
}, 30_000).unref();

const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
const s3 = new S3Client({ endpoint, forcePathStyle: true, region: 'us-east-1', credentials, maxAttempts: 1 });
await s3.send(new CreateBucketCommand({ Bucket: 'bucket' }));
const put = (Key, Body) =>
  s3.send(new PutObjectCommand({ Bucket: 'bucket', Key, Body, IfNoneMatch: '*' })).then(() => 'made', ({ name }) => name);

see(`one after the other: ${await put('k', 'first')}, ${await put('k', 'second')}`);

const writers = Array.from({ length: 20 }, (_, writer) => `of ${writer}`);
let [round, made] = [0, []];
while (made.length < 2 && round < 100) {
  round += 1;
  const outcomes = await Promise.all(writers.map((text) => put(`race-${round}`, text)));
  made = writers.filter((_, writer) => outcomes[writer] === 'made');
}
see(`twenty at the same time: ${made.length < 2 ? 'one was' : 'two or more were'} told that they made the object`);
const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: `race-${round}` }));
const text = await Body.transformToString();
see(`the object holds the bytes of one of them: ${made.includes(text)}`);
process.exit(0);
EOF

touch seen
NODE_NO_WARNINGS=1 node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }

// The work that the batch service runs: reads a whole file, counts its lines, hashes it and compresses it. It prints one
// object, and keeps the share that is done in the file that BATCH_PROGRESS names.
import { createHash } from 'node:crypto';
import { createReadStream, renameSync, statSync, writeFileSync } from 'node:fs';
import { createGzip } from 'node:zlib';

const LINE_FEED = 10;
const [file] = process.argv.slice(2);
const total = statSync(file).size;
const progressFile = process.env.BATCH_PROGRESS;
const hash = createHash('sha256');
const gzip = createGzip({ level: 7 });
let read = 0;
let lines = 0;
let compressed = 0;
let told = 0;

gzip.on('data', (chunk) => (compressed += chunk.length));
const compressedAll = new Promise((resolve) => gzip.on('end', resolve));
for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 })) {
  hash.update(chunk);
  for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) lines += 1;
  if (!gzip.write(chunk)) await new Promise((resolve) => gzip.once('drain', resolve));
  read += chunk.length;
  if (read / total >= told + 0.01) tell(read / total);
}
gzip.end();
await compressedAll;
process.stdout.write(JSON.stringify({ sha256: hash.digest('hex'), lines, bytes: read, gzipBytes: compressed }));

function tell(share) {
  told = share;
  if (progressFile === undefined) return;
  writeFileSync(`${progressFile}.new`, share.toFixed(3));
  renameSync(`${progressFile}.new`, progressFile);
}

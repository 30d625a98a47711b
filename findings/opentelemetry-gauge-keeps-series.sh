#!/usr/bin/env bash
# An observable gauge goes on exporting a series that its callback no longer observes.
#
# Versions: @opentelemetry/sdk-metrics 2.12.0 and @opentelemetry/api 1.9.1, on Node 20.20.2.
#
# Guess: A gauge that is asked for at each collection exports what its callback observed then, as the specification of
# OpenTelemetry asks. A queue that is empty now, and is left out, is no longer exported.
#
# What happens: With cumulative temporality, which the Prometheus exporter uses, each series is exported again with its
# last value, for as long as the process lives. That also holds if the callback throws, or observes nothing.
#
# Matters: An alert on "jobs that wait" goes on firing after the last job is done, and a store that cannot be read looks
# as it did before. A series that is over must be observed as 0, and one that is unknown as NaN.
#
# Output seen, and expected:
#   > collection 1 observes a=1 b=2, exports a=1 b=2
#   > collection 2 observes b=3, exports a=1 b=3
#   > collection 3 observes nothing, exports a=1 b=3
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
npm install --no-save --no-audit --no-fund --loglevel=error @opentelemetry/sdk-metrics@2.12.0 @opentelemetry/api@1.9.1 || exit 2

cat > finding.mjs << 'EOF'
import { appendFileSync } from 'node:fs';
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';

const see = (line) => appendFileSync('seen', `${line}\n`);
setTimeout(() => {
  console.error('not done after 30 seconds');
  process.exit(1);
}, 30_000).unref();

const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
const provider = new MeterProvider({ readers: [reader] });
const collections = [{ a: 1, b: 2 }, { b: 3 }, {}];
let observed = {};
provider
  .getMeter('finding')
  .createObservableGauge('waiting')
  .addCallback((result) => {
    for (const [queue, count] of Object.entries(observed)) result.observe(count, { queue });
  });
for (const [at, next] of collections.entries()) {
  observed = next;
  exporter.reset();
  await reader.forceFlush();
  const points = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics[0].metrics[0].dataPoints);
  const exported = points.map(({ attributes, value }) => `${attributes.queue}=${value}`).join(' ');
  const told = Object.entries(next).map(([queue, count]) => `${queue}=${count}`).join(' ');
  see(`collection ${at + 1} observes ${told || 'nothing'}, exports ${exported}`);
}
process.exit();
EOF

touch seen
NODE_NO_WARNINGS=1 node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }

/** The drill of the Spark example. SPARK_REST_URL and SPARK_FOLDER: a cluster of `scripts/systems/spark.sh` and its folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineDrill } from 'mooring/drill';
import { sparkDriver } from '../../examples/external-systems/spark.ts';

const folder = process.env['SPARK_FOLDER'] ?? '';
const runsOf = (name: string): string => join(folder, `${name}.runs`);

export default defineDrill({
  about: 'Spark 4.3.0, standalone',
  job: sparkDriver,
  input: ({ name }) => ({ appResource: `file://${folder}/drill.jar`, mainClass: 'Drill', appArgs: [runsOf(name), '2'] }),
  // The master shows no argument of a driver: each driver that ran left a line.
  async count({ name }) {
    const runs = await readFile(runsOf(name), 'utf8').catch(() => '');
    return runs.split('\n').length - 1;
  },
  // A driver is a Java process of its own, which may take long to begin on a busy machine.
  settle: '90s',
});

/** Servers that people test with, or run small: how each is started. Those that the tests start anyway are in scripts/servers. */
import type { GivenServer } from '../../test/support/given-server.ts';
import { S3_CREDENTIALS } from '../../test/support/s3-server.ts';
import type { Package } from './provide.ts';

/** One server. */
export interface ObjectServer {
  /** As people call it. */
  readonly name: string;
  readonly kind: 's3' | 'gcs';
  readonly source: Package;
  /** The version as people know it. @defaultValue that of the package */
  readonly version?: string;
  /** Its arguments. `data` is there already below the folder; `more` are as many other free ports as it says. */
  readonly args: (port: number, folder: string, more: readonly number[]) => readonly string[];
  /** @defaultValue 0 */
  readonly morePorts?: number;
  /** Files below the folder that must be there first, with their texts. */
  readonly files?: (port: number, folder: string) => Readonly<Record<string, string>>;
  /** What the tests must know. */
  readonly tested?: Pick<GivenServer, 'credentials' | 'limits' | 'doctor'>;
  /** What does not work there. */
  readonly faults?: readonly Fault[];
}

/** One thing that does not work on a server, and is none of ours. */
export interface Fault {
  /** One sentence. */
  readonly what: string;
  /** The titles of the tests that may fail for it. @defaultValue none: the tests know it */
  readonly tests?: RegExp;
  /** Whether they fail only now and then. @defaultValue false */
  readonly sometimes?: boolean;
}

const SEVERAL_WINNERS: Fault = { what: 'Of many that make one object at the same time, several are told that they did.' };
/** What each test fails at where conditional writes are none. */
const NO_CONDITIONS = /stays unchanged if it exists|one of many|object of another form|behaves as a map/;

const S3S_KEYS = ['--access-key', S3_CREDENTIALS.accessKeyId, '--secret-key', S3_CREDENTIALS.secretAccessKey];

/** The servers; those that are fetched soonest come first. */
export const OBJECT_SERVERS: readonly ObjectServer[] = [
  {
    name: 'moto',
    kind: 's3',
    source: { from: 'pypi', name: 'moto', extras: '[server,s3]', version: '5.2.5', module: 'moto.server' },
    args: (port) => ['-H', '127.0.0.1', '-p', String(port)],
  },
  {
    name: 's3rver',
    kind: 's3',
    source: { from: 'npm', name: 's3rver', version: '3.7.1', program: 's3rver/bin/s3rver.js' },
    args: (port, folder) => ['-a', '127.0.0.1', '-p', String(port), '-d', `${folder}/data`, '--silent'],
    tested: {
      credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
      doctor: ['conditional-writes', 'listing-order', 'unfinished-uploads'],
    },
    faults: [
      { what: '`If-None-Match` is ignored.', tests: NO_CONDITIONS },
      {
        what: '`a/b` is listed before `a-b`, so reconcile refuses (`Unordered`).',
        tests: /^a listing of|^a listing is|^reconcile/,
      },
      { what: 'A listing of more than 1,000 objects fails (500).', tests: /deleting takes 1200/ },
      { what: 'Empty objects cannot be read.', tests: /empty object|behaves as a map/ },
      { what: 'The range `bytes=0-0` has the whole object.', tests: /bytes from 0 on|"end":3\} yields ''/ },
      { what: 'An object that is replaced is read in part.', tests: /readers see/ },
    ],
  },
  {
    name: 'gcp-storage-emulator',
    kind: 'gcs',
    source: { from: 'pypi', name: 'gcp-storage-emulator', version: '2026.7.19', module: 'gcp_storage_emulator' },
    args: (port) => ['start', '--host', '127.0.0.1', '--port', String(port), '--in-memory', '--quiet'],
    tested: { doctor: ['conditional-writes'] },
    faults: [
      { what: '`ifGenerationMatch` is ignored.', tests: NO_CONDITIONS },
      { what: 'An empty object, or a range beyond the end, cannot be read.', tests: /empty object|"start":99|behaves as a map/ },
      {
        what: 'Requests are answered one after the other, and some of many at the same time may time out.',
        tests: /deleting takes 1200|deleting does not disturb/,
        sometimes: true,
      },
    ],
  },
  {
    name: 'gofakes3',
    kind: 's3',
    source: { from: 'go', name: 'github.com/johannesboyne/gofakes3/cmd/gofakes3', version: 'v1.2.0' },
    args: (port) => ['-backend', 'memory', '-host', `127.0.0.1:${port}`],
  },
  {
    name: 'rclone serve s3',
    kind: 's3',
    source: { from: 'go', name: 'github.com/rclone/rclone', version: 'v1.76.0' },
    args: (port, folder) => ['serve', 's3', '--addr', `127.0.0.1:${port}`, `${folder}/data`],
  },
  {
    name: 'S3Mock',
    kind: 's3',
    source: { from: 'maven', name: 'com.adobe.testing:s3mock', version: '5.2.0', classifier: 'exec' },
    args: (port) => [`--http.port=${port}`, '--server.port=0'],
    tested: { limits: { atomicCreate: false } },
    faults: [
      SEVERAL_WINNERS,
      { what: 'A read of an object that is being replaced may break off.', tests: /readers see/, sometimes: true },
    ],
  },
  {
    name: 's3proxy',
    kind: 's3',
    source: { from: 'maven', name: 'org.gaul:s3proxy', version: '3.1.0', classifier: 'jar-with-dependencies' },
    files: (port, folder) => ({
      's3proxy.conf': `s3proxy.authorization=none
s3proxy.endpoint=http://127.0.0.1:${port}
jclouds.provider=filesystem-nio2
jclouds.filesystem.basedir=${folder}/data
`,
    }),
    args: (_port, folder) => ['--properties', `${folder}/s3proxy.conf`],
    tested: { limits: { atomicCreate: false } },
    faults: [
      SEVERAL_WINNERS,
      { what: '`DeleteObjects` is refused (501), and objects are deleted one by one.' },
      { what: "The checksums of the client's own settings are refused (501), and `doctor` names the setting." },
    ],
  },
  {
    name: 'SeaweedFS',
    kind: 's3',
    source: {
      from: 'go',
      name: 'github.com/seaweedfs/seaweedfs/weed',
      version: 'v0.0.0-20261109003541-7506e5f91cd6',
      replace: { 'github.com/tyler-smith/go-bip39': 'github.com/cosmos/go-bip39@v1.0.0' },
    },
    version: '4.53',
    morePorts: 7,
    args: (port, folder, [master, masterGrpc, volume, volumeGrpc, filer, filerGrpc, grpc]) =>
      [
        'server',
        '-ip=127.0.0.1',
        '-ip.bind=127.0.0.1',
        `-dir=${folder}/data`,
        '-s3',
        `-s3.port=${port}`,
        `-s3.port.grpc=${grpc}`,
      ].concat(
        `-master.port=${master}`,
        `-master.port.grpc=${masterGrpc}`,
        `-volume.port=${volume}`,
        `-volume.port.grpc=${volumeGrpc}`,
        `-filer.port=${filer}`,
        `-filer.port.grpc=${filerGrpc}`,
      ),
  },
  {
    name: 's3s-fs',
    kind: 's3',
    source: { from: 'cargo', name: 's3s-fs', version: '0.14.1', features: 'binary' },
    args: (port, folder) => [...S3S_KEYS, '--host', '127.0.0.1', '--port', String(port), `${folder}/data`],
    tested: { limits: { atomicCreate: false }, doctor: ['upload-in-parts', 'unfinished-uploads'] },
    faults: [
      SEVERAL_WINNERS,
      {
        what: 'An upload in parts fails under a name of usual length (500).',
        tests: /stream in parts|^reconcile|without the settings/,
      },
      { what: 'Unfinished uploads cannot be listed (501).' },
      { what: 'A read of a name that is a folder fails (500).', tests: /missing object is undefined/ },
    ],
  },
];

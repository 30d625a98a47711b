/** The servers that the tests start in addition to Redis, and which version of each is built where a machine has none. */

/** One server. */
export interface Server {
  /** The name of its binary, in PATH and in the cache. */
  readonly binary: string;
  /** The program that `go install` builds. */
  readonly program: string;
  readonly version: string;
  /** Modules that its own `go.mod` replaces by folders, which `go install` refuses, and the versions of them that are meant. */
  readonly replace?: Readonly<Record<string, string>>;
  /** False: one in PATH may be of any version, and the tests want this one. @defaultValue true */
  readonly fromPath?: boolean;
  /** Whether Temporal's SDK can download it. @defaultValue false */
  readonly fromSdk?: boolean;
}

/** The servers; the quickest to build comes first, so that its tests can begin. */
export const SERVERS = {
  toxiproxy: { binary: 'toxiproxy-server', program: 'github.com/Shopify/toxiproxy/v2/cmd/server', version: 'v2.12.0' },
  versitygw: { binary: 'versitygw', program: 'github.com/versity/versitygw/cmd/versitygw', version: 'v1.7.0' },
  'fake-gcs-server': { binary: 'fake-gcs-server', program: 'github.com/fsouza/fake-gcs-server', version: 'v1.55.1' },
  temporal: { binary: 'temporal', program: 'github.com/temporalio/cli/cmd/temporal', version: 'v1.5.1', fromSdk: true },
  'temporal-next': {
    binary: 'temporal',
    program: 'github.com/temporalio/cli/cmd/temporal',
    version: 'v1.8.2',
    replace: { 'github.com/temporalio/cli/cliext': 'v0.0.0-20260731000218-c579925f193f' },
    fromPath: false,
    fromSdk: true,
  },
  minio: { binary: 'minio', program: 'github.com/minio/minio', version: 'v0.0.0-20260212201848-7aac2a2c5b7c' },
} as const satisfies Record<string, Server>;

/** The name of a server. */
export type ServerName = keyof typeof SERVERS;

/** All names. */
export const SERVER_NAMES: readonly ServerName[] = Object.keys(SERVERS) as ServerName[];

import { gcsPlace, type GcsPlace } from './fake-gcs.ts';
import { S3_CREDENTIALS, s3Place, type S3Place } from './s3-server.ts';

/**
 * A server of objects that is running already, and that a run of tests was given: the contract and the round trip then run on it
 * alone. It is JSON in an environment variable:
 * `TEST_OBJECT_SERVER='{"kind":"s3","name":"mine","endpoint":"http://127.0.0.1:9000"}' npm test -- s3-contract round-trip`.
 */

/** The variable. Not MOORING_…: of those the command refuses what it does not know. */
export const GIVEN_SERVER = 'TEST_OBJECT_SERVER';

/** The server. */
export interface GivenServer {
  readonly kind: 's3' | 'gcs';
  /** As people call it. */
  readonly name: string;
  readonly endpoint: string;
  /** @defaultValue what the tests' own servers want */
  readonly credentials?: { accessKeyId: string; secretAccessKey: string };
  /** What it cannot promise. */
  readonly limits?: { atomicCreate?: boolean };
  /** The checks of `doctor()` that are not well there. */
  readonly doctor?: readonly string[];
}

/** A server that was given, with what starts a test on it. */
export interface GivenPlace<Place> {
  readonly name: string;
  readonly limits: { atomicCreate?: boolean };
  readonly doctor: readonly string[];
  start(): Promise<Place>;
}

/** If it speaks S3. The client is set as the docs say for servers other than Amazon's. */
export function givenS3(): GivenPlace<S3Place> | undefined {
  return givenOf('s3', ({ endpoint, credentials = S3_CREDENTIALS }) =>
    s3Place(endpoint, {
      credentials,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    }),
  );
}

/** If it speaks the API of Google Cloud Storage. */
export function givenGcs(): GivenPlace<GcsPlace> | undefined {
  return givenOf('gcs', ({ endpoint }) => gcsPlace(endpoint));
}

function givenOf<Place>(kind: GivenServer['kind'], place: (given: GivenServer) => Place): GivenPlace<Place> | undefined {
  const text = process.env[GIVEN_SERVER];
  const given = text === undefined ? undefined : (JSON.parse(text) as GivenServer);
  if (given?.kind !== kind) return undefined;
  const { name, limits = {}, doctor = [] } = given;
  return { name, limits, doctor, start: async () => place(given) };
}

import { notLoaded } from '../../model/errors/not-loaded.ts';
import type { S3Commands } from './request.ts';

/** The one place that loads the user's `@aws-sdk/client-s3`: a client sends commands, and its package has their classes. */

const PACKAGE = '@aws-sdk/client-s3';

/**
 * Loads the package at the first request, so that a program without a bucket, or a bundle of one, can do without.
 *
 * @throws `ConfigError` that says what to install.
 */
export function s3Commands(): () => Promise<S3Commands> {
  let loaded: Promise<S3Commands> | undefined;
  return () => (loaded ??= load());
}

async function load(): Promise<S3Commands> {
  try {
    // In a `try`, and by its name: then bundlers take it along if it is there, and leave it to the run if not.
    return await import('@aws-sdk/client-s3');
  } catch (error) {
    throw notLoaded(error, PACKAGE, 'client');
  }
}

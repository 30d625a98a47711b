import * as sdk from '@aws-sdk/client-s3';
import type { S3Commands } from './request.ts';

/** The one place that loads the user's `@aws-sdk/client-s3`: a client sends commands, and its package has their classes. */

/** The classes of the commands that the store sends, as the package exports them. */
export const S3_COMMANDS: S3Commands = sdk;

import { expectTypeOf } from 'expect-type';
import {
  isMooringError,
  isSuspension,
  MooringError,
  type AmbiguousSubmitError,
  type AnyMooringError,
  type JsonValue,
  type StaleAttemptError,
  type Version,
} from 'mooring';

declare const error: unknown;

// One guard, then the code tells what the error holds.
if (isMooringError(error)) {
  expectTypeOf(error).toEqualTypeOf<AnyMooringError>();
  expectTypeOf(error.retryable).toEqualTypeOf<boolean>();
  switch (error.code) {
    case 'mooring.config':
      expectTypeOf(error.option).toEqualTypeOf<string>();
      break;
    case 'mooring.invalid-value':
      expectTypeOf(error.at).toEqualTypeOf<string>();
      break;
    case 'mooring.value-too-large':
      expectTypeOf(error.limit).toEqualTypeOf<number>();
      break;
    case 'mooring.version-conflict':
      expectTypeOf(error.current).toEqualTypeOf<Version | 'absent'>();
      break;
    case 'mooring.outcome-unknown':
      expectTypeOf(error.reason).toEqualTypeOf<'no-answer' | 'not-replicated'>();
      expectTypeOf(error.externalId).toEqualTypeOf<JsonValue | undefined>();
      break;
    case 'mooring.unknown-location':
      expectTypeOf(error.alias).toEqualTypeOf<string>();
      break;
    case 'mooring.codec-unavailable':
      expectTypeOf(error.codec).toEqualTypeOf<string>();
      break;
    case 'mooring.ambiguous-submit':
      expectTypeOf(error).toEqualTypeOf<AmbiguousSubmitError>();
      expectTypeOf(error.since).toEqualTypeOf<Date>();
      break;
    case 'mooring.external-job-failed':
      expectTypeOf(error.externalId).toEqualTypeOf<JsonValue>();
      expectTypeOf(error.reason).toEqualTypeOf<string>();
      break;
    default:
      expectTypeOf<typeof error.code>().toEqualTypeOf<
        | 'mooring.invalid-key'
        | 'mooring.stale-attempt'
        | 'mooring.state-lost'
        | 'mooring.store-unavailable'
        | 'mooring.missing-object'
        | 'mooring.already-submitted'
        | 'mooring.corrupt-entry'
        | 'mooring.external-job-missing'
        | 'mooring.external-job-unknown'
        | 'mooring.input-changed'
        | 'mooring.not-submitted'
      >();
  }
  // @ts-expect-error: no such code
  if (error.code === 'mooring.stale') throw error;
}

// Classes are there for who branches by them; each is an Error of the family.
expectTypeOf<StaleAttemptError>().toExtend<MooringError<'mooring.stale-attempt'>>();
expectTypeOf<AnyMooringError>().toExtend<Error>();
expectTypeOf(isSuspension).toEqualTypeOf<(thrown: unknown) => boolean>();
// @ts-expect-error: the family itself is not made
void new MooringError('no', false);

import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { defaultActivityInfo } from '@temporalio/testing/lib/mocking-activity-environment.js';
import type { Info } from '@temporalio/activity';
import { attemptFacts, scopeOf, type ActivityScope } from '../../../adapters/temporal/activity/scope.ts';
import { scopePath } from '../../../src/format/path.ts';

const info = (change: Partial<Info> = {}): Info => ({ ...defaultActivityInfo, activityType: 'transcode', ...change });
const path = (change: Partial<Info> = {}, choice: ActivityScope = 'activity'): string => scopePath(scopeOf(info(change), choice));

describe('the scope of an activity', () => {
  test('is the same in every attempt, also after a reset', () => {
    expect(path({ attempt: 7, currentAttemptScheduledTimestampMs: 900, taskToken: Buffer.from('other') })).toBe(path());
  });

  test.each<[string, Partial<Info>]>([
    ['another run of the workflow', { workflowExecution: { workflowId: 'test', runId: 'other' } }],
    ['another workflow', { workflowExecution: { workflowId: 'other', runId: '00000000-0000-0000-0000-000000000000' } }],
    ['another activity', { activityId: '2' }],
    ['the same ID used again in the run', { scheduledTimestampMs: 2 }],
    ['another namespace', { namespace: 'other' }],
    ['another type of activity', { activityType: 'render' }],
  ])('differs for %s', (_what, change) => {
    expect(path(change)).not.toBe(path());
  });

  test('of a workflow run outlives the activity', () => {
    const scope = { workflowRun: 'preview' };

    expect(path({ activityId: '9', activityType: 'cancel', scheduledTimestampMs: 5 }, scope)).toBe(path({}, scope));
  });

  test('of a workflow run ends with the run', () => {
    const scope = { workflowRun: 'preview' };
    const otherRun = { workflowExecution: { workflowId: 'test', runId: 'other' } };

    expect(path(otherRun, scope)).not.toBe(path({}, scope));
  });

  test('of a workflow outlives its runs', () => {
    const scope = { workflow: 'preview' };
    const otherRun = { workflowExecution: { workflowId: 'test', runId: 'other' } };

    expect(path({ ...otherRun, activityId: '9' }, scope)).toBe(path({}, scope));
    expect(path({}, { workflow: 'other' })).not.toBe(path({}, scope));
  });

  test('an activity without a workflow has its own, by the run of it', () => {
    const alone: Partial<Info> = { activityRunId: 'r1', inWorkflow: false };
    const standalone = (change: Partial<Info> = {}): Info => {
      const { workflowExecution: _execution, workflowType: _type, ...rest } = info({ ...alone, ...change });
      return rest;
    };

    const own = scopePath(scopeOf(standalone(), 'activity'));

    expect(scopePath(scopeOf(standalone({ attempt: 3 }), 'activity'))).toBe(own);
    expect(scopePath(scopeOf(standalone({ activityRunId: 'r2' }), 'activity'))).not.toBe(own);
    expect(() => scopeOf(standalone(), { workflowRun: 'x' })).toThrow(expect.objectContaining({ code: 'mooring.config' }));
  });

  test('a local activity must choose: its ID and its attempts begin again when its worker dies', () => {
    expect(() => scopeOf(info({ isLocal: true }), 'activity')).toThrow(/local activity/);
    expect(scopeOf(info({ isLocal: true }), { workflowRun: 'x' })).toMatchObject({ task: 'x' });
  });

  test('no two activities share one, whatever their IDs hold', () => {
    const text = fc.string({ minLength: 1, unit: fc.constantFrom('a', '/', '%', '2', 'F', '-1') });
    const facts = fc.tuple(text, text, text, text, fc.nat(9));
    type Facts = [string, string, string, string, number];
    const pathOf = ([workflowId, runId, activityId, activityType, at]: Facts): string =>
      path({ workflowExecution: { workflowId, runId }, activityId, activityType, scheduledTimestampMs: at });
    // Most of them differ in a part only.
    const others = fc.tuple(facts, facts, fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }));

    fc.assert(
      fc.property(others, ([one, another, taken]) => {
        const other = one.map((part, index) => (taken[index] ? another[index] : part)) as Facts;
        expect(pathOf(one) === pathOf(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });

  test('a name never meets the scope of a single activity, nor that of a workflow another’s run', () => {
    const text = fc.string({ minLength: 1, unit: fc.constantFrom('a', '/', '%', '1', 'transcode') });
    fc.assert(
      fc.property(text, text, (name, workflowId) => {
        const change = { workflowExecution: { workflowId, runId: 'a' } };
        const paths = [path(change), path(change, { workflowRun: name }), path(change, { workflow: name })];
        expect(new Set(paths).size).toBe(3);
      }),
    );
  });

  test.each([
    ['nothing', undefined],
    ['a text', 'preview'],
    ['an empty name', { workflowRun: '' }],
    ['two names', { workflowRun: 'a', workflow: 'b' }],
    ['a misspelt name', { workflowrun: 'a' }],
    ['a name and a task scope', { workflowRun: 'a', flow: 'f', run: 'r', task: 't' }],
  ])('%s is refused', (_what, scope) => {
    expect(() => scopeOf(info(), scope as never)).toThrow(expect.objectContaining({ code: 'mooring.config' }));
  });
});

describe('an attempt', () => {
  test('is the first only where Temporal says so', () => {
    const first = (change: Partial<Info>, choice: ActivityScope = 'activity'): boolean =>
      attemptFacts(info(change), choice, 0).first;

    expect(first({})).toBe(true);
    expect(first({ attempt: 2 })).toBe(false);
    // After a reset the number is 1 again.
    expect(first({ attempt: 1, currentAttemptScheduledTimestampMs: 2 })).toBe(false);
    expect(first({}, { workflowRun: 'x' })).toBe(false);
  });

  test('is ordered by when it was scheduled, before its number', () => {
    const order = (change: Partial<Info>, rerun = 0): readonly number[] => {
      const { fence } = attemptFacts(info(change), 'activity', rerun);
      return fence.kind === 'ordered' ? fence.order : [];
    };

    expect(order({ attempt: 1, currentAttemptScheduledTimestampMs: 50 })).toEqual([50, 1_000]);
    expect(order({ attempt: 3, currentAttemptScheduledTimestampMs: 40 })).toEqual([40, 3_000]);
  });
});

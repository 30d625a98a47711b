import { innermostCode } from '../reason.ts';
import type { AssetScope, TaskScope } from '../scope.ts';

/**
 * What all errors of this library share. They are classed by what the caller must do next; `code` is stable, and is Temporal's failure
 * type letter for letter. Text and fields hold identifiers, never a value and never a credential.
 */

const brand = Symbol.for('mooring.error');

/** Where an error happened. */
export interface ErrorContext {
  scope?: TaskScope | AssetScope | undefined;
  key?: string | undefined;
  store?: string | undefined;
  cause?: unknown;
}

/** What all errors of this library share. */
export abstract class MooringError<Code extends string = string> extends Error {
  /** Stable, dotted: `mooring.stale-attempt`. */
  abstract readonly code: Code;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** Whose state it was. */
  declare readonly scope?: TaskScope | AssetScope;
  /** Under which key. */
  declare readonly key?: string;
  /** In which store. */
  declare readonly store?: string;

  constructor(message: string, retryable: boolean, context: ErrorContext = {}) {
    const { scope, key, store, cause } = context;
    const where = [
      scope && `scope=${describeScope(scope)}`,
      key !== undefined && `key=${JSON.stringify(key)}`,
      store !== undefined && `store=${store}`,
    ].filter(Boolean);
    const code = innermostCode(cause);
    const text = code === undefined || message.includes(code) ? message : `${message} (${code})`;
    super(where.length > 0 ? `${text} [${where.join(', ')}]` : text, cause === undefined ? {} : { cause });
    this.name = new.target.name;
    this.retryable = retryable;
    if (scope) this.scope = scope;
    if (key !== undefined) this.key = key;
    if (store !== undefined) this.store = store;
  }

  static {
    Object.defineProperty(this.prototype, brand, { value: true });
  }
}

/** One line that names a scope. */
export function describeScope(scope: TaskScope | AssetScope): string {
  if (!('flow' in scope)) return `asset:${scope.name ?? scope.uri}`;
  const item = scope.itemKey ?? scope.mapIndex;
  return [scope.flow, scope.run, scope.task, ...(item === undefined ? [] : [String(item)])].join('/');
}

/** A rejected value as text: short, and never more of a string than tells what it was. */
export function received(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}

/**
 * What a rejected value is, and nothing of what it says. For a place where an object or a function belongs: what was put there
 * instead is mostly a value, an input or a credential, at the wrong position.
 */
export function receivedKind(value: unknown): string {
  return typeof value === 'string' ? `a text of ${value.length} characters` : received(value);
}

/** Whether an object has the brand of this family: it holds across copies of the package and across realms. */
export function hasErrorBrand(error: unknown): boolean {
  return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[brand] === true;
}

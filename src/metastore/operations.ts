import type { OpenMetastore } from './metastore.ts';

/** The operations of a metastore, one by one, whatever group they are in. */

type NamesIn<Group, Prefix extends string> = {
  [Name in keyof Group & string]: Group[Name] extends (...given: never[]) => unknown
    ? `${Prefix}${Name}`
    : Group[Name] extends object
      ? NamesIn<Group[Name], `${Name}.`>
      : never;
}[keyof Group & string];

/** An operation as it is called: `now`, `values.read`. */
export type OperationName = NamesIn<OpenMetastore, ''>;

/** An operation, whatever it takes and gives. */
export type Operation = (...given: unknown[]) => unknown;

/** The same metastore, with something around each of its operations. */
export function wrapOperations(
  metastore: OpenMetastore,
  wrap: (operation: Operation, name: OperationName) => Operation,
): OpenMetastore {
  const wrapIn = (group: object, prefix: string): object =>
    Object.fromEntries(
      Object.entries(group).map(([name, member]: [string, unknown]) => {
        if (typeof member === 'function') return [name, wrap(member as Operation, `${prefix}${name}` as OperationName)];
        return [name, typeof member === 'object' && member !== null ? wrapIn(member, `${name}.`) : member];
      }),
    );
  return wrapIn(metastore, '') as OpenMetastore;
}

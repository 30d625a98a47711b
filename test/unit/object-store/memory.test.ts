import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../../../src/model/errors/store.ts';
import { memoryObjectStore } from '../../../src/object-store/memory.ts';
import { objectStoreContract } from '../../contract/object-store.ts';

describe('the memory object store', () => {
  objectStoreContract(() => Promise.resolve({ store: memoryObjectStore(), close: () => Promise.resolve() }));

  it('has an alias of its own where it is given one', () => {
    expect(memoryObjectStore().alias).toBe('memory');
    expect(memoryObjectStore({ alias: 'other' }).alias).toBe('other');
    expect(() => memoryObjectStore({ alias: '' })).toThrow(ConfigError);
  });
});

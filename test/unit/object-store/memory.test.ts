import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../../../src/model/errors/store.ts';
import { memoryObjectStore } from '../../../src/object-store/memory.ts';
import { describeObjectStore } from '../../contract/object-store.ts';

describe('the memory object store', () => {
  describeObjectStore({ open: () => ({ store: memoryObjectStore() }) });

  it('has an alias of its own where it is given one', () => {
    expect(memoryObjectStore().alias).toBe('memory');
    expect(memoryObjectStore({ alias: 'other' }).alias).toBe('other');
    expect(() => memoryObjectStore({ alias: '' })).toThrow(ConfigError);
  });
});

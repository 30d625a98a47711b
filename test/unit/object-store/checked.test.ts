import { expect, it } from '@jest/globals';
import { checkedObjectStore, type UncheckedObjectStore } from '../../../src/index.ts';
import { all } from '../../contract/object-store.ts';

/** A store that has everything from its class. */
class ClassStore implements UncheckedObjectStore {
  readonly #name = 'mine';
  get alias(): string {
    return this.#name;
  }
  put = async () => 'created' as const;
  get = async () => undefined;
  getStream = async () => undefined;
  delete = async () => [];
  async *list() {}
  async *unfinished() {
    yield { key: this.#name };
  }
  async rules() {
    return { deleting: [this.#name] };
  }
  remedy() {
    return this.#name;
  }
}

it('an instance of a class keeps all its members', async () => {
  const store = checkedObjectStore(new ClassStore());

  expect(store.alias).toBe('mine');
  await expect(all(store.unfinished())).resolves.toEqual([{ key: 'mine' }]);
  await expect(store.rules()).resolves.toEqual({ deleting: ['mine'] });
  expect(store.remedy()).toBe('mine');
});

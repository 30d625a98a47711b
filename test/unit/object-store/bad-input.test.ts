import { describe } from '@jest/globals';
import { fileObjectStore } from '../../../src/file.ts';
import { refusals, wrong } from '../../support/refusals.ts';

describe('fileObjectStore(), given', () => {
  refusals([
    ['nothing', () => fileObjectStore(wrong(undefined)), 'options', /must be an object, received undefined/],
    ['a misspelt alias', () => fileObjectStore(wrong({ directory: '/nowhere', alais: 'a' })), 'alais', /not an option .*alias/],
  ]);
});

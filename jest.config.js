/** @type {import('jest').Config} */
export default {
  testEnvironment: '<rootDir>/scripts/environment.js',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'es6' } }],
  },
  // The examples import the package by its name.
  moduleNameMapper: { '^mooring$': '<rootDir>/src/index.ts' },
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // It is there for what hangs, not for a machine that is slow: no test has a shorter limit of its own.
  testTimeout: 600_000,
  modulePathIgnorePatterns: ['<rootDir>/dist'],
};

/** The applications of docs/nestjs.md, as they stand there, in a project that installed the tarball and has Nest. */
import { transformSync } from '@swc/core';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConsumer, root, type Consumer } from './consumer.ts';
import { FARM_CLIENT } from './farm.ts';
import { modulesOf } from './pages.ts';

const SWC = {
  jsc: {
    target: 'es2023',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
  module: { type: 'es6' },
} as const;

const NEST = ['common', 'core', 'platform-express', 'testing', 'bullmq'].map((name) => `@nestjs/${name}`);
const PACKAGES = [...NEST, 'reflect-metadata', 'bullmq', 'ioredis', '@types/node'];

/** The client as Nest injects it. */
const FARM = `${FARM_CLIENT}
export class Farm {
  submit = farm.submit;
  status = farm.status;
  output = farm.output;
}
`;

/** How a program of the runtime says that its worker has ended. */
const WORKERS = {
  bullmq: `
import { Worker } from 'bullmq';
const { close } = Worker.prototype;
Worker.prototype.close = async function (...args) {
  const isFirst = this.closing === undefined;
  await close.apply(this, args);
  if (isFirst) told('worker');
};
`,
  temporal: `
import { Worker } from '@temporalio/worker';
const { run } = Worker.prototype;
Worker.prototype.run = async function (...args) {
  await run.apply(this, args);
  told('worker');
};
`,
} as const;

/** Loaded before an application, this writes down in which order its parts end. */
const TRACE = `
import { appendFileSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { STORE } from './store-module.js';
function told(what) { appendFileSync(process.env.TRACE, what + '\\n'); }
let closing = false;
const { sendCommand } = Redis.prototype;
Redis.prototype.sendCommand = function (command, ...args) {
  if (closing && command.name === 'quit') told('Redis of the store');
  return sendCommand.call(this, command, ...args);
};
for (const method of ['create', 'createApplicationContext']) {
  const make = NestFactory[method].bind(NestFactory);
  NestFactory[method] = async (...args) => {
    const app = await make(...args);
    const store = app.get(STORE);
    const close = store.close.bind(store);
    store.close = async () => {
      closing = true;
      told('store begins');
      await close();
      told('store ends');
      closing = false;
    };
    return app;
  };
}
`;

/** The project. */
export interface NestProject {
  readonly consumer: Consumer;
  /** Starts a program of the page. */
  start(program: string, env: Readonly<Record<string, string>>): Promise<Application>;
  /** Kills what still runs. */
  killAll(): void;
}

/** A program that runs. */
export interface Application {
  /** What `SIGTERM` ended, in that order; resolves when the process has ended. */
  stop(): Promise<readonly string[]>;
}

/** Writes the programs of the page into a project. */
export async function createNestProject(runtime: keyof typeof WORKERS, packages: readonly string[] = []): Promise<NestProject> {
  const consumer = await createConsumer();
  await Promise.all([...PACKAGES, ...packages].map((name) => consumer.add(name)));
  const text = await readFile(join(root, 'docs/nestjs.md'), 'utf8');
  for (const [file, code] of modulesOf({ path: 'docs/nestjs.md', text }))
    await consumer.write(file.replace(/\.ts$/, '.js'), transformSync(code, SWC).code);
  await consumer.write('farm.js', FARM);
  await consumer.write('trace.js', TRACE + WORKERS[runtime]);
  const started: ChildProcess[] = [];
  return {
    consumer,
    async start(program, env) {
      const trace = await consumer.write(`trace-${started.length}.txt`, '');
      const application = spawn(process.execPath, ['--import', './trace.js', program], {
        cwd: consumer.folder,
        env: { ...process.env, ...env, TRACE: trace },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      started.push(application);
      let said = '';
      application.stderr.setEncoding('utf8').on('data', (more: string) => (said += more));
      application.once('exit', (code) => {
        if (code !== null) process.stderr.write(said);
      });
      return {
        async stop() {
          application.kill('SIGTERM');
          await once(application, 'exit');
          return (await readFile(trace, 'utf8')).split('\n').filter(Boolean);
        },
      };
    },
    killAll() {
      for (const application of started) application.kill('SIGKILL');
    },
  };
}

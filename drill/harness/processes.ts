import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Worker processes that cannot outlive us: each hangs on a channel of ours, and ends when the channel does. */

/** A worker process that talks to us. */
export interface WorkerProcess<Told, Message> {
  readonly pid: number;
  /** Sends one order. */
  tell(order: Told): void;
  /** Kills it with SIGKILL. */
  kill(): void;
  /** How it ended: a signal's name or an exit code. */
  readonly ended: Promise<string>;
  /** Called for every message. */
  onMessage(listener: (message: Message) => void): void;
  /** Nobody is called any more. */
  forget(): void;
}

/** How a worker process is started. */
export interface ProcessOptions {
  /** Its arguments, which everybody on the machine can read. */
  args?: readonly string[];
  /**
   * Node's own arguments.
   * @defaultValue those of this process
   */
  execArgv?: readonly string[];
  /**
   * Its first message, which nobody else can read.
   * @defaultValue none
   */
  setting?: object;
}

/** Starts a worker process. Its own output goes to our standard error. */
export function startWorkerProcess<Told extends object, Message>(
  file: URL,
  { args = [], execArgv = process.execArgv, setting }: ProcessOptions = {},
): WorkerProcess<Told, Message> {
  const child = fork(fileURLToPath(file), args, { execArgv: [...execArgv], stdio: ['ignore', 2, 2, 'ipc'] });
  if (setting) child.send(setting);
  const listeners = new Set<(message: Message) => void>();
  child.on('message', (message) => listeners.forEach((listener) => listener(message as Message)));
  return {
    pid: child.pid as number,
    tell: (order) => child.connected && child.send(order),
    kill: () => child.kill('SIGKILL'),
    ended: exitOf(child),
    onMessage: (listener) => void listeners.add(listener),
    forget: () => listeners.clear(),
  };
}

/** How a child process ended: a signal's name, an exit code, or why it did not start. */
export function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? String(code)));
    child.once('error', (error) => resolve(error.message));
  });
}

/**
 * In a worker process: ends it with the one that started it, and gives the way to send a message. `sent` is called when it is on its
 * way, or when nobody is there to hear it.
 */
export function hangOnParent<Message extends object>(): (message: Message, sent?: () => void) => void {
  process.on('disconnect', () => process.exit());
  if (!process.connected) process.exit();
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  return (message, sent = () => {}) => {
    if (process.connected && process.send) process.send(message, undefined, undefined, () => sent());
    else sent();
  };
}

import { renamed } from '../config/renamed.ts';
import type { Logger } from '../observe/logger.ts';
import { isMooringError } from '../model/errors/store.ts';
import { COMMANDS } from './commands.ts';
import type { Command, StoreWork, Work } from './command.ts';
import { EXIT, type CommandOutcome } from './outcome.ts';
import { readFlags, type Given } from './flags.ts';
import { commandHelp, flagsOf, generalHelp } from './help.ts';
import { Interruption } from './interruption.ts';
import { terminalLogger } from './logger.ts';
import { configWith, givenAs, queueConfigWith, settingsWith } from './store-flags.ts';
import type { Terminal } from './terminal.ts';
import type { World } from './tools.ts';
import { UsageError } from './usage-error.ts';
import { errorCode, errorInWords, tracesOf } from './words.ts';

/** One run of the command, from what was typed to its exit code. Touches nothing but what it is given. */

/** Runs it. Never rejects: an error is a line and an exit code. */
export async function run(world: World, terminal: Terminal): Promise<number> {
  const { args, env } = world;
  const [name = '', ...rest] = args;
  const json = args.includes('--json');
  try {
    if (name === '') throw new UsageError('there is no command');
    if (name === '--version') return show(terminal, world.tools.version());
    if (['--help', '-h', 'help'].includes(name)) return help(rest[0], terminal);
    const command = COMMANDS.get(name);
    if (!command) throw new UsageError(name.startsWith('-') ? 'the command comes first' : `there is no command ${quoted(name)}`);
    const flags = flagsOf(command);
    const given = readFlags(rest, flags);
    if (given.has('help')) return show(terminal, commandHelp(name, command));
    const outcome = await perform(command, given, world, terminal, json);
    tell(terminal, name, outcome, json);
    return outcome.code;
  } catch (error) {
    const verbose = args.includes('--verbose') || (env['DEBUG'] ?? '') !== '';
    return fail(terminal, name, error, { world, json, verbose });
  }
}

async function perform(command: Command, given: Given, world: World, terminal: Terminal, json: boolean): Promise<CommandOutcome> {
  const { env, signal, tools } = world;
  const shared: Work = { signal, terminal, input: world.input, tools, json };
  if (command.kind === 'text') return command.run(given, env);
  if (command.kind === 'program') return command.plan(given, env)(shared);
  const [unexpected] = command.operands === undefined ? given.positionals : [];
  if (unexpected !== undefined) throw new UsageError(`${quoted(unexpected)} is no flag, and the command takes nothing else`);
  const work = command.plan(given);
  const logger: Logger = terminalLogger(terminal, given.has('verbose'));
  const config = configWith(given, env);
  const queueConfig = queueConfigWith(given, env);
  const withQueue: StoreWork['withQueue'] = async (name, use) => {
    const queue = await tools.queue(name, queueConfig);
    try {
      return await use(queue);
    } finally {
      await queue.close();
    }
  };
  signal.throwIfAborted();
  try {
    const store = await tools.open({ ...config, logger });
    try {
      return await work(store, { ...shared, withQueue });
    } finally {
      await store.close();
    }
  } catch (error) {
    throw renamed(error, (option) => givenAs(option, settingsWith(given, env)));
  }
}

function help(name: string | undefined, terminal: Terminal): number {
  const command = name === undefined ? undefined : COMMANDS.get(name);
  if (name !== undefined && !command) throw new UsageError(`there is no command ${quoted(name)}`);
  return show(terminal, name !== undefined && command ? commandHelp(name, command) : generalHelp(COMMANDS));
}

function show(terminal: Terminal, text: string): number {
  terminal.line(text);
  return EXIT.ok;
}

function tell(terminal: Terminal, name: string, { report, lines, notes = [] }: CommandOutcome, json: boolean): void {
  terminal.settle();
  if (json) {
    terminal.line(JSON.stringify(name === 'lifecycle' ? report : { command: name, ...report }));
    return;
  }
  for (const line of lines) terminal.line(line);
  for (const note of notes) terminal.note(note);
}

function fail(
  terminal: Terminal,
  name: string,
  error: unknown,
  { world, json, verbose }: { world: World; json: boolean; verbose: boolean },
): number {
  const { aborted, reason } = world.signal;
  const ended = aborted && error === reason && reason instanceof Interruption ? reason : undefined;
  const code = ended ? 'interrupted' : errorCode(error);
  const usage = error instanceof UsageError;
  const message = ended
    ? `interrupted: ${COMMANDS.get(name)?.interrupted ?? 'what was done stays done, and the next run goes on'}`
    : errorInWords(error, COMMANDS.get(name)?.flags ?? {});
  if (json) {
    const retryable = ended !== undefined || (isMooringError(error) && error.retryable);
    terminal.line(JSON.stringify({ command: name, error: { code, message, retryable } }));
  } else {
    terminal.note(`mooring: ${usage || ended ? '' : `${code}: `}${message}`);
    if (usage) terminal.note(`See mooring ${COMMANDS.has(name) ? `${name} ` : ''}--help.`);
  }
  if (verbose && !usage && !ended) for (const trace of tracesOf(error)) terminal.note(trace);
  if (ended) return ended.code;
  return usage || code === 'mooring.config' ? EXIT.usage : (COMMANDS.get(name)?.unable ?? EXIT.failed);
}

function quoted(word: string): string {
  return JSON.stringify(word.slice(0, 40));
}

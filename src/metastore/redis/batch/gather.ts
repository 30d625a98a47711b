import { nextTick } from 'node:process';
import type { Argument, RedisClient } from '../client.ts';
import { batchOf } from './script.ts';
import type { Script } from '../lua/script.ts';

/**
 * Scripts of many tasks that go out in the same turn of the event loop. Those that are the same script become one command: what a
 * command costs is then paid once. A Cluster runs no script over several slots, so there each goes alone.
 */

/** A script that is to be sent. */
export interface Outgoing {
  readonly script: Pick<Script, 'sha' | 'text' | 'together'>;
  /** Its name, the number of its keys, its keys, its arguments. */
  readonly line: readonly Argument[];
  readonly buffers: boolean;
  answered(reply: unknown): void;
  failed(error: unknown): void;
}

/** Sends a line by a command. */
export type SendLine = (command: 'evalsha' | 'eval', line: readonly Argument[], buffers: boolean) => Promise<unknown>;

/** An error of the server that came as a part of an answer. */
const replyError = (text: string): Error => Object.assign(new Error(text), { name: 'ReplyError' });

const startsWith = (error: unknown, word: string): boolean => error instanceof Error && error.message.startsWith(word);

/** What goes out at the end of a turn. */
export interface Batches {
  /** Sends it at the end of the turn. What is for one scope goes out in the order in which it came. */
  add(one: Outgoing): void;
  /** Sends what was gathered, now. To be called before anything is sent beside it. */
  flush(): void;
}

/** Gathers the scripts of one turn, and sends them at its end. */
export function createBatches(client: RedisClient, send: SendLine): Batches {
  let gathered: Outgoing[] = [];
  /** Which script each scope waits for, by its first key. */
  const kinds = new Map<Argument | undefined, string>();
  let alone = client.nodes !== undefined;

  const sendOne = ({ line, buffers, answered, failed }: Outgoing): void => {
    send('evalsha', line, buffers).then(answered, failed);
  };
  const sendBatch = (runs: readonly Outgoing[]): void => {
    const [{ script, buffers }] = runs as readonly [Outgoing];
    const batch = batchOf(script);
    const line = batchLine(batch.sha, runs);
    const answered = (replies: unknown): void => {
      for (const [at, run] of runs.entries()) {
        const reply: unknown = Array.isArray(replies) ? replies[at] : undefined;
        if (Array.isArray(reply)) run.answered(reply);
        else run.failed(replyError(String(reply)));
      }
    };
    const failed = (error: unknown): void => {
      // A server behind a proxy may have several slots too. It has run nothing.
      if (startsWith(error, 'CROSSSLOT')) {
        alone = true;
        for (const run of runs) sendOne(run);
      } else for (const run of runs) run.failed(error);
    };
    send('evalsha', line, buffers)
      .catch((error: unknown) => {
        if (!startsWith(error, 'NOSCRIPT')) throw error;
        return send('eval', [batch.text, ...line.slice(1)], buffers);
      })
      .then(answered, failed);
  };
  const flush = (): void => {
    const groups = new Map<string, Outgoing[]>();
    for (const one of gathered) {
      const kind = kindOf(one);
      const group = groups.get(kind);
      if (group) group.push(one);
      else groups.set(kind, [one]);
    }
    gathered = [];
    kinds.clear();
    for (const group of groups.values()) {
      const most = (group[0] as Outgoing).script.together;
      for (let at = 0; at < group.length; at += most) {
        const runs = group.slice(at, at + most);
        if (alone || runs.length === 1) for (const run of runs) sendOne(run);
        else sendBatch(runs);
      }
    }
  };
  return {
    add(one) {
      if (alone) return sendOne(one);
      const [key, kind] = [one.line[2], kindOf(one)];
      if ((kinds.get(key) ?? kind) !== kind) flush();
      kinds.set(key, kind);
      if (gathered.push(one) === 1) nextTick(flush);
    },
    flush,
  };
}

function kindOf({ script, buffers }: Outgoing): string {
  return buffers ? `${script.sha} buffers` : script.sha;
}

function batchLine(sha: string, runs: readonly Outgoing[]): Argument[] {
  const keys: Argument[] = [];
  const sizes: Argument[] = [];
  const args: Argument[] = [];
  for (const { line } of runs) {
    const named = 2 + Number(line[1]);
    keys.push(...line.slice(2, named));
    sizes.push(line.length - named);
    args.push(...line.slice(named));
  }
  return [sha, keys.length, ...keys, runs.length, ...sizes, ...args];
}

import type { BoardEvents } from './wire.ts';

/** Who listens. A slow one holds up nobody and fills no memory: it is left out, and begins anew once it has caught up. */

/** Where events go. */
export interface Sink {
  /** Sends text; nothing happens once the other side is gone. */
  send(text: string): void;
  /** Bytes that the other side has not taken yet. */
  pending(): number;
  /** Ends the stream. */
  end(): void;
}

/** Above so many bytes that were not taken, a listener is left out. */
const BEHIND = 1024 * 1024;

/** All listeners of one board. */
export interface Listeners {
  readonly size: number;
  /** Adds one. The returned function removes it. */
  add(sink: Sink): () => void;
  /** Tells all but those that are left out. */
  tell<Name extends keyof BoardEvents>(name: Name, event: BoardEvents[Name]): void;
  /** Sends a comment, by which both sides see that the other is there. */
  ping(): void;
  /** Gives those that were left out and have caught up. */
  caughtUp(): readonly Sink[];
  /** Ends all. */
  end(): void;
}

/** An event in the form of server-sent events. */
export function eventText<Name extends keyof BoardEvents>(name: Name, event: BoardEvents[Name]): string {
  return `event: ${name}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Listeners, none at first. */
export function createListeners(): Listeners {
  const sinks = new Map<Sink, { behind: boolean }>();
  const toAll = (text: string): void => {
    for (const [sink, state] of sinks) {
      state.behind ||= sink.pending() > BEHIND;
      if (!state.behind) sink.send(text);
    }
  };
  return {
    get size() {
      return sinks.size;
    },
    add(sink) {
      sinks.set(sink, { behind: false });
      return () => void sinks.delete(sink);
    },
    tell: (name, event) => toAll(eventText(name, event)),
    ping: () => toAll(': still here\n\n'),
    caughtUp() {
      const ready = [...sinks].filter(([sink, { behind }]) => behind && sink.pending() === 0);
      for (const [, state] of ready) state.behind = false;
      return ready.map(([sink]) => sink);
    },
    end() {
      for (const sink of sinks.keys()) sink.end();
      sinks.clear();
    },
  };
}

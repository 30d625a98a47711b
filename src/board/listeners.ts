import type { BoardEvents } from './wire.ts';

/**
 * Who listens. A slow one holds up nobody and fills no memory: it gets the whole picture as fast as it takes it. If it falls behind
 * later, it is left out, and begins anew once it has caught up.
 */

/** Where events go. */
export interface Sink {
  /** Sends text; nothing happens once the other side is gone. */
  send(text: string): void;
  /** Bytes that the other side has not taken yet. */
  pending(): number;
  /** Calls once, when the other side has taken everything. */
  onTaken(call: () => void): void;
  /** Ends the stream. */
  end(): void;
}

/** Above so many bytes that were not taken, a listener is left out. */
const BEHIND = 1024 * 1024;

/** Above so many, the picture waits. With one batch of it, that is far from being left out. */
const FULL = 256 * 1024;

/** All listeners of one board. */
export interface Listeners {
  readonly size: number;
  /** Adds one, and begins to send it the picture. The returned function removes it. */
  add(sink: Sink): () => void;
  /** Tells those that have the picture. */
  tell<Name extends keyof BoardEvents>(name: Name, event: BoardEvents[Name]): void;
  /** Tells that rows are gone, also those that have a part of the picture only. */
  drop(ids: readonly string[]): void;
  /** Sends a comment, by which both sides see that the other is there. */
  ping(): void;
  /** Goes on with each picture that was not taken, and begins anew with those that were left out and have caught up. */
  goOn(): void;
  /** Ends all. */
  end(): void;
}

/** An event in the form of server-sent events. */
export function eventText<Name extends keyof BoardEvents>(name: Name, event: BoardEvents[Name]): string {
  return `event: ${name}\ndata: ${JSON.stringify(event)}\n\n`;
}

interface Listener {
  behind: boolean;
  /** What is left of the picture. */
  picture: Iterator<string> | undefined;
  waits: boolean;
}

/** Listeners, none at first. `pictureNow`: everything that is known, for one who knows nothing; what changes meanwhile is in it. */
export function createListeners(pictureNow: () => Iterator<string>): Listeners {
  const sinks = new Map<Sink, Listener>();
  const send = (sink: Sink, state: Listener): void => {
    while (state.picture && sinks.get(sink) === state) {
      if (sink.pending() > FULL) return wait(sink, state);
      const next = state.picture.next();
      if (next.done) state.picture = undefined;
      else sink.send(next.value);
    }
  };
  const wait = (sink: Sink, state: Listener): void => {
    if (state.waits) return;
    state.waits = true;
    sink.onTaken(() => {
      state.waits = false;
      send(sink, state);
    });
  };
  const toAll = (text: string, isTold: (state: Listener) => boolean): void => {
    for (const [sink, state] of sinks) {
      if (!isTold(state)) continue;
      state.behind ||= sink.pending() > BEHIND;
      if (state.behind) state.picture = undefined;
      else sink.send(text);
    }
  };
  const hasPicture = (state: Listener): boolean => state.picture === undefined;
  return {
    get size() {
      return sinks.size;
    },
    add(sink) {
      const state: Listener = { behind: false, picture: pictureNow(), waits: false };
      sinks.set(sink, state);
      send(sink, state);
      return () => void sinks.delete(sink);
    },
    tell: (name, event) => toAll(eventText(name, event), hasPicture),
    drop: (ids) => toAll(eventText('rows', { put: [], drop: ids }), () => true),
    ping: () => toAll(': still here\n\n', hasPicture),
    goOn() {
      for (const [sink, state] of sinks) {
        if (state.behind && sink.pending() === 0) {
          state.behind = false;
          state.picture = pictureNow();
        }
        send(sink, state);
      }
    },
    end() {
      for (const sink of sinks.keys()) sink.end();
      sinks.clear();
    },
  };
}

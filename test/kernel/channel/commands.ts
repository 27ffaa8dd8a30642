import type { Readable } from "node:stream";
import { onLines } from "./lines.ts";
import type { FromAgent, ProcessMessage, StartMessage, ToAgent } from "./messages.ts";

export interface StartOptions {
  /** Added to what that kernel's agent has. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where it runs; `/` when left out. */
  readonly folder?: string;
  /** What it can read; nothing when left out. */
  readonly input?: string;
}

export interface RunOptions extends StartOptions {
  /** After this it is killed, and what it started. 60,000 when left out. */
  readonly timeoutMs?: number;
  /** Give the result of a command that fails too, instead of throwing? `false` when left out. */
  readonly mayFail?: boolean;
}

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  /** 128 and the signal's number where a signal ended it. */
  readonly code: number;
}

/** A process in that kernel. */
export interface KernelProcess {
  /** As that kernel numbers it. */
  readonly pid: number;
  /** Settles when it has ended and its outputs are closed; rejects where the kernel ends before. */
  readonly ended: Promise<CommandResult>;
  /** What it has printed so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly onOutput: (listener: (text: string, stream: "stdout" | "stderr") => void) => void;
  /** SIGTERM when left out. It alone gets it, unless what it started is asked for too. */
  readonly kill: (signal?: NodeJS.Signals, options?: { readonly isForGroup?: boolean }) => void;
}

/** Starts processes over the line to the agent. */
export interface Commands {
  /** Settles when the agent is there. */
  readonly ready: Promise<void>;
  readonly start: (command: string, arguments_: readonly string[], options: StartOptions) => Promise<KernelProcess>;
  /** Nothing comes any more: all that are waited for reject with this. */
  readonly fail: (error: Error) => void;
}

interface Listener {
  readonly onMessage: (message: ProcessMessage) => void;
  readonly onFailure: (error: Error) => void;
}

export function speakWithAgent(fromAgent: Readable, send: (message: ToAgent) => void): Commands {
  const listeners = new Map<number, Listener>();
  const ready = Promise.withResolvers<void>();
  let ids = 0;
  let failure: Error | undefined;
  onLines(fromAgent, (line) => {
    const message: FromAgent = JSON.parse(line);
    if (message.type === "ready") ready.resolve();
    else listeners.get(message.id)?.onMessage(message);
  });
  return {
    ready: ready.promise,
    start: (command, arguments_, options) => {
      if (failure !== undefined) return Promise.reject(failure);
      ids += 1;
      const message: StartMessage = { type: "start", id: ids, command, arguments: arguments_, environment: {}, ...options };
      const { listener, process } = follow(message, send, () => listeners.delete(message.id));
      listeners.set(ids, listener);
      send(message);
      return process;
    },
    fail: (error) => {
      failure = error;
      ready.reject(error);
      for (const { onFailure } of listeners.values()) onFailure(error);
      listeners.clear();
    },
  };
}

/** Makes a process of what is said about one. */
function follow(
  { id, command }: StartMessage,
  send: (message: ToAgent) => void,
  onEnd: () => void,
): { readonly listener: Listener; readonly process: Promise<KernelProcess> } {
  const started = Promise.withResolvers<KernelProcess>();
  const ended = Promise.withResolvers<CommandResult>();
  ended.promise.catch(() => undefined);
  const texts = { stdout: [] as string[], stderr: [] as string[] };
  const said = (stream: "stdout" | "stderr") => texts[stream].join("");
  const outputListeners: ((text: string, stream: "stdout" | "stderr") => void)[] = [];
  const onMessage = (message: ProcessMessage) => {
    switch (message.type) {
      case "started":
        started.resolve({
          pid: message.pid,
          ended: ended.promise,
          stdout: () => said("stdout"),
          stderr: () => said("stderr"),
          onOutput: (listener) => outputListeners.push(listener),
          kill: (signal = "SIGTERM", { isForGroup = false } = {}) => send({ type: "signal", id, signal, isForGroup }),
        });
        break;
      case "output":
        texts[message.stream].push(message.text);
        for (const listener of outputListeners) listener(message.text, message.stream);
        break;
      case "refused":
        onEnd();
        started.reject(new Error(`${command} can not be started: ${message.reason}`));
        break;
      case "end":
        onEnd();
        ended.resolve({ stdout: said("stdout"), stderr: said("stderr"), code: message.code });
        break;
    }
  };
  const onFailure = (error: Error) => {
    started.reject(error);
    ended.reject(error);
  };
  return { listener: { onMessage, onFailure }, process: started.promise };
}

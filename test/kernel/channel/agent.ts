/** Runs inside that kernel, and there the commands that come. Arguments: the serial line, and the folder of the inbox. */
import { type ChildProcess, spawn } from "node:child_process";
import { constants, openSync } from "node:fs";
import { constants as system } from "node:os";
import { delimiter, dirname } from "node:path";
import { ReadStream, WriteStream } from "node:tty";
import { emptyInbox } from "./inbox.ts";
import type { FromAgent, SignalMessage, StartMessage, ToAgent } from "./messages.ts";

const [, , linePath = "", inbox = ""] = process.argv;
const line = openSync(linePath, constants.O_RDWR | constants.O_NOCTTY);
const input = new ReadStream(line);
const output = new WriteStream(line);
const children = new Map<number, ChildProcess>();
// Commands get the Node.js that the agent runs on.
const environment = { ...process.env, PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) };

// Else the line discipline sends back what it gets.
input.setRawMode(true);
emptyInbox(inbox, input, obey);
report({ type: "ready" });

function report(message: FromAgent): void {
  output.write(`${JSON.stringify(message)}\n`);
}

function obey(message: ToAgent): void {
  if (message.type === "start") start(message);
  else signal(message);
}

function signal(message: SignalMessage): void {
  const pid = children.get(message.id)?.pid;
  if (pid === undefined) return;
  try {
    process.kill(message.isForGroup ? -pid : pid, message.signal);
  } catch {
    // It has ended meanwhile, which is reported on its own.
  }
}

function start(message: StartMessage): void {
  const { id } = message;
  const child = spawn(message.command, message.arguments, {
    cwd: message.folder,
    env: { ...environment, ...message.environment },
    detached: true,
    stdio: [message.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  children.set(id, child);
  // A command need not read to the end what it is given.
  child.stdin?.on("error", () => undefined).end(message.input);
  for (const stream of ["stdout", "stderr"] as const)
    child[stream]?.setEncoding("utf8").on("data", (text: string) => report({ type: "output", id, stream, text }));
  child.once("spawn", () => report({ type: "started", id, pid: child.pid ?? 0 }));
  child.once("error", (error) => {
    children.delete(id);
    report({ type: "refused", id, reason: error.message });
  });
  child.once("close", (code, killer) => {
    if (children.delete(id)) report({ type: "end", id, code: code ?? 128 + system.signals[killer ?? "SIGKILL"] });
  });
}

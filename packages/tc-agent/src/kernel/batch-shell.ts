import type { ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { KernelError } from "./kernel-error.ts";
import { endOf, endResident, startResident } from "./resident-tool.ts";

/** A line that a tool refused, and what it said of it. */
interface Refusal {
  /** Of the lines given, from 0. */
  readonly index: number;
  readonly message: string;
}

/** What a tool said to some lines. */
export interface Answer {
  /** What it printed, without its errors. */
  readonly output: string;
  readonly refusals: readonly Refusal[];
}

interface Request {
  readonly lines: readonly string[];
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

const FAILED_LINE = /^Command failed -:(\d+)$/;

/** Neither tool has such an object, and none looks for anything: of a device that is not there the kernel would ask modprobe, each time. */
const NO_OBJECT = "/";

/** What is to be read is more than they show by themselves: what filters count, and of what kind a device is. */
const DETAIL = { tc: "-statistics", ip: "-details" } as const;

/**
 * A resident `tc -batch -` or `ip -batch -` in one network namespace: no process is started for a change. Requests are answered one after the other.
 *
 * The tools say nothing when a line went well, so each request ends with a line that fails: when it has, all lines before it are done.
 */
export class BatchShell {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #tool: "tc" | "ip";
  readonly #waiting: Request[] = [];
  #linesSent = 0;
  #text = "";
  #end: KernelError | undefined;

  /** @param enter - the command that runs another in the namespace */
  constructor(enter: readonly string[], tool: "tc" | "ip") {
    this.#tool = tool;
    this.#process = startResident(enter, tool, ["-json", DETAIL[tool], "-force", "-batch", "-"]);
    this.#process.stdout.setEncoding("utf8").on("data", (text: string) => this.#read(text));
    this.#process.stdin.on("error", () => undefined);
    this.#process.on("error", (error) => this.#finish(error.message));
    this.#process.on("close", () => this.#finish(this.#text));
  }

  /** `undefined` where it could not be started. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Has the tool do all lines, whatever becomes of one of them. */
  ask(lines: readonly string[]): Promise<Answer> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ lines, resolve, reject });
      if (this.#waiting.length === 1) this.#send();
    });
  }

  /** Ends the tool. What was asked before is answered. */
  async close(): Promise<void> {
    await endResident(this.#process);
  }

  #send(): void {
    const [request] = this.#waiting;
    if (request === undefined) return;
    this.#process.stdin.write(`${[...request.lines, NO_OBJECT].join("\n")}\n`);
  }

  #read(text: string): void {
    this.#text += text;
    const [request] = this.#waiting;
    if (request === undefined || !text.endsWith("\n")) return;
    const end = `Command failed -:${this.#linesSent + request.lines.length + 1}\n`;
    if (!this.#text.endsWith(end)) return;
    const answer = this.#interpret(this.#text.slice(0, -end.length));
    this.#text = "";
    this.#linesSent += request.lines.length + 1;
    this.#waiting.shift();
    request.resolve(answer);
    this.#send();
  }

  /** All that is left of a request's text are the complaints of its lines, each with its number, and what was printed. */
  #interpret(text: string): Answer {
    const refusals: Refusal[] = [];
    let said: string[] = [];
    const lines = text.split("\n");
    // The last line's complaint is that of the line which was to fail.
    const complaint = lines.findLastIndex((line) => line.startsWith(`Object "${NO_OBJECT}" is unknown`));
    for (const line of lines.slice(0, complaint === -1 ? lines.length : complaint)) {
      const failed = FAILED_LINE.exec(line)?.[1];
      if (failed === undefined) said.push(line);
      else {
        // What lines before it have printed ends where their JSON does.
        const printed = said.findLastIndex((one) => one.endsWith("]")) + 1;
        refusals.push({ index: Number(failed) - this.#linesSent - 1, message: messageOf(said.slice(printed)) });
        said = said.slice(0, printed);
      }
    }
    return { output: said.join("\n"), refusals };
  }

  #finish(said: string): void {
    this.#end ??= endOf(this.#tool, said);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#end);
  }
}

const CHATTER = /^(We have an error talking to the kernel|RTNETLINK answers: )/;

function messageOf(said: readonly string[]): string {
  const lines = said.map((line) => line.replace(CHATTER, "").trim()).filter((line) => line !== "");
  return lines.join("; ");
}

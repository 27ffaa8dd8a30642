import type { Command } from "../tree/commands.ts";
import { lineOf } from "../tree/commands.ts";
import { type Answer, BatchShell } from "./batch-shell.ts";
import { KernelError } from "./kernel-error.ts";
import type { NetworkNamespace } from "./network-namespace.ts";
import { parseTcJson } from "./tc-json.ts";

/** Of each line that changes something a tool keeps some 5 kB for ever, as of iproute2 6.1: after so many a new one takes its place. */
const MOST_CHANGES = 1_000;

/** The resident tools of one network namespace. They keep it alive: close them when it is over. */
export class NamespaceShell {
  readonly #enter: readonly string[];
  #tools: { tc: BatchShell; ip: BatchShell };
  readonly #changes = { tc: 0, ip: 0 };

  constructor({ path }: Pick<NetworkNamespace, "path">) {
    this.#enter = ["nsenter", `--net=${path}`];
    this.#tools = this.#start();
  }

  /** Tools remember which device had a name: new ones know none. */
  async restart(): Promise<void> {
    await this.close();
    this.#tools = this.#start();
  }

  #start() {
    return { tc: new BatchShell(this.#enter, "tc"), ip: new BatchShell(this.#enter, "ip") };
  }

  /** Of the tools: they are in the namespace. */
  get pids(): readonly (number | undefined)[] {
    return [this.#tools.tc.pid, this.#tools.ip.pid];
  }

  /** What a command prints as JSON. */
  async show(command: Command): Promise<readonly unknown[]> {
    const { output, refusals } = await this.#ask([command]);
    const [refusal] = refusals;
    if (refusal !== undefined) throw new KernelError("refused", `${describe(command)}: ${refusal.message}`);
    return parseTcJson(output);
  }

  /** The same for several commands of one tool at once: `undefined` for each that was refused. */
  async showAll(commands: readonly Command[]): Promise<readonly (readonly unknown[] | undefined)[]> {
    const { output, refusals } = await this.#ask(commands);
    // Each list begins a line; what lists hold never does.
    const printed = output.split(/\n(?=\[)/);
    const refused = new Set(refusals.map(({ index }) => index));
    return commands.map((_, index) => (refused.has(index) ? undefined : parseTcJson(printed.shift() ?? "")));
  }

  /**
   * Runs all commands, in their order, whatever becomes of one of them: what was done is read back, and not believed.
   *
   * @returns what was refused, a sentence each
   */
  async run(commands: readonly Command[]): Promise<readonly string[]> {
    const refused: string[] = [];
    for (let next = 0; next < commands.length; ) {
      const tool = commands[next]?.tool;
      const end = commands.findIndex((command, index) => index > next && command.tool !== tool);
      const some = commands.slice(next, end === -1 ? undefined : end);
      const { refusals } = await this.#ask(some);
      if (tool !== undefined) await this.#replaceIfWorn(tool, some.length);
      for (const { index, message } of refusals) {
        const command = some[index];
        refused.push(`${command === undefined ? tool : describe(command)}: ${message}`);
      }
      next += some.length;
    }
    return refused;
  }

  async close(): Promise<void> {
    await Promise.all([this.#tools.tc.close(), this.#tools.ip.close()]);
  }

  async #replaceIfWorn(tool: "tc" | "ip", changes: number): Promise<void> {
    this.#changes[tool] += changes;
    if (this.#changes[tool] < MOST_CHANGES) return;
    this.#changes[tool] = 0;
    const worn = this.#tools[tool];
    this.#tools[tool] = new BatchShell(this.#enter, tool);
    await worn.close();
  }

  /** All are of one tool. One that has ended is started again: somebody may have killed it. */
  #ask(commands: readonly Command[]): Promise<Answer> {
    const tool = commands[0]?.tool;
    if (tool === undefined) return Promise.resolve({ output: "", refusals: [] });
    if (this.#tools[tool].hasEnded) this.#tools[tool] = new BatchShell(this.#enter, tool);
    return this.#tools[tool].ask(commands.map(lineOf));
  }
}

function describe(command: Command): string {
  return `${command.tool} ${lineOf(command)}`;
}

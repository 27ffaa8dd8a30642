import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { CliError } from "../../cli-error.ts";
import type { CommandResult } from "../../command-result.ts";
import { EXIT_CODES } from "../../exit-code.ts";
import type { Terminal } from "../../terminal.ts";
import { parsePath } from "../options.ts";
import { apply } from "./apply.ts";
import { clear } from "./clear.ts";
import { show } from "./show.ts";
import { findTarget, type TargetOptions } from "./target.ts";

const EXAMPLES = `
Actions:
  apply   make it emulate a spec, and keep it so; the file is followed as it changes
  show    what it emulates, as the kernel has it
  clear   let every packet pass again

Examples (as root, on Linux):
  puggle net apply -f spec.yaml --pid 4711            until Ctrl-C
  puggle net apply -f spec.yaml --container 3f2a9c1e --for 10m
  puggle net apply -f spec.yaml --netns /run/netns/blue --dry-run
  puggle net show --pid 4711
  puggle net clear --pid 4711
`;

const ACTIONS = ["apply", "show", "clear"] as const;
const APPLY_ONLY = ["file", "onlyContainer", "for", "dryRun"] as const;
const LONGEST_SECONDS = 2_147_483;
const SECONDS = { s: 1, m: 60, h: 3_600 } as const;

interface NetOptions extends TargetOptions {
  readonly file?: string;
  readonly onlyContainer?: boolean;
  readonly for?: number;
  readonly lease: number;
  readonly lookUp: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly verify?: boolean;
}

/** `puggle net`: a worse network for one container, process or network namespace. */
export function addNetCommand(program: Command, terminal: Terminal, finish: (result: CommandResult) => void): void {
  program
    .command("net")
    .description("emulate a worse network in a container's network namespace")
    .addArgument(new Argument("<action>", "what to do").choices(ACTIONS))
    .addOption(new Option("-f, --file <path>", "the spec (apply)").argParser(parsePath))
    .addOption(new Option("--pid <pid>", "a process in the network namespace").argParser(parsePid))
    .addOption(new Option("--container <id>", "a running container of any runtime, by its id or the beginning of it"))
    .addOption(new Option("--netns <path>", "a file that stands for the network namespace").argParser(parsePath))
    .addOption(new Option("--device <name>", "its network device").argParser(parseDevice).default("eth0"))
    .addOption(new Option("--only-container", "the packets of the named container alone, where several share the network (apply)"))
    .addOption(
      new Option("--for <duration>", "leave it so for 30s, 10m or 2h, and end at once; held until Ctrl-C when left out (apply)").argParser(
        parseDuration,
      ),
    )
    .addOption(
      new Option("--lease <duration>", "for how long it stays when this process is killed (apply)")
        .argParser(parseDuration)
        .default(10, "10s"),
    )
    .addOption(
      new Option("--look-up <duration>", "how often the addresses of hosts are looked up again (apply)")
        .argParser(parseDuration)
        .default(30, "30s"),
    )
    .addOption(
      new Option(
        "--verify",
        "send packets of our own through it, which never leave the namespace, and say what came of them (apply, show)",
      ),
    )
    .addOption(new Option("--dry-run", "print what would be done (apply)"))
    .addHelpText("after", EXAMPLES)
    .action(async (action: (typeof ACTIONS)[number], options: NetOptions) => finish(await act(action, options, terminal)));
}

async function act(action: (typeof ACTIONS)[number], options: NetOptions, terminal: Terminal): Promise<CommandResult> {
  if (action !== "apply") {
    const misplaced = APPLY_ONLY.find((name) => name in options) ?? (action === "clear" && "verify" in options ? "verify" : undefined);
    if (misplaced !== undefined) throw new CliError("usage", EXIT_CODES.usage, `puggle net ${action} takes no ${optionName(misplaced)}`);
    const target = findTarget(options);
    return action === "show" ? show(target, options.verify ?? false) : clear(target);
  }
  const { file, onlyContainer = false, dryRun = false, json = false, verify: isVerified = false, for: forSeconds, lease, lookUp } = options;
  if (file === undefined) throw new CliError("usage", EXIT_CODES.usage, "puggle net apply needs a spec: -f <path>");
  const settings = {
    file,
    isForContainer: onlyContainer,
    leaseSeconds: lease,
    lookUpSeconds: lookUp,
    dryRun,
    isVerified,
    json,
    ...(forSeconds === undefined ? {} : { forSeconds }),
  };
  return apply(findTarget(options), settings, terminal);
}

function optionName(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function parsePid(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError("it is a whole number.");
  return Number(text);
}

function parseDevice(text: string): string {
  if (!/^[\w.-]{1,15}$/.test(text)) throw new InvalidArgumentError("it has 1 to 15 letters, digits, dots, dashes and underscores.");
  return text;
}

function parseDuration(text: string): number {
  const [, number, unit] = /^(\d+)([smh])$/.exec(text) ?? [];
  const seconds = Number(number) * (SECONDS[unit as keyof typeof SECONDS] ?? Number.NaN);
  if (!(seconds >= 1 && seconds <= LONGEST_SECONDS)) throw new InvalidArgumentError("write it like 30s, 10m or 2h; from 1s to 596h.");
  return seconds;
}

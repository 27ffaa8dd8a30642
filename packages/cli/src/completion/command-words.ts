import type { Argument, Command, Option } from "commander";

/** What may stand in the place of a value. */
export type Value =
  | { readonly kind: "file" }
  | { readonly kind: "folder" }
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  | { readonly kind: "free" };

/** An option as a shell sees it: all its spellings, and its value, where it takes one. */
export interface OptionWords {
  readonly flags: readonly string[];
  readonly description: string;
  readonly value: Value | undefined;
}

/** A command as a shell sees it. */
export interface CommandWords {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionWords[];
  readonly argument: Value | undefined;
}

/** Every word that completion can offer, read from the command line itself, so that the two can not differ. */
export interface ProgramWords {
  readonly name: string;
  readonly options: readonly OptionWords[];
  readonly commands: readonly CommandWords[];
}

/** Reads the words of a program and its commands. */
export function describeCommands(program: Command): ProgramWords {
  return {
    name: program.name(),
    options: optionsOf(program),
    commands: program.commands.map((command) => {
      const [argument] = command.registeredArguments;
      return {
        name: command.name(),
        description: command.description(),
        options: optionsOf(command),
        argument: argument === undefined ? undefined : describeValue(argument, argument.name()),
      };
    }),
  };
}

function optionsOf(command: Command): OptionWords[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
      description: option.description,
      value: option.required || option.optional ? describeValue(option, /<([a-z-]+)/.exec(option.flags)?.[1] ?? "") : undefined,
    }));
}

/** The name of a value says what it is: `<path>` and `<folder>` are completed from the disk. */
function describeValue({ argChoices }: Option | Argument, name: string): Value {
  if (argChoices !== undefined) return { kind: "choice", choices: argChoices };
  if (name === "path") return { kind: "file" };
  return name === "folder" ? { kind: "folder" } : { kind: "free" };
}

import type { CommandWords, OptionWords, ProgramWords, Value } from "./command-words.ts";

/** The completion script for fish. */
export function renderFish({ name, options, commands }: ProgramWords): string {
  const atStart = `complete -c ${name} -n __fish_use_subcommand`;
  return [
    `# Completion of ${name} for fish: ${name} completion fish > ~/.config/fish/completions/${name}.fish`,
    `complete -c ${name} -f`,
    ...options.map((option) => `${atStart} ${optionWords(option)}`),
    ...commands.map((command) => `${atStart} -a ${command.name} -d ${quote(command.description)}`),
    ...commands.flatMap((command) => renderCommand(name, command)),
    "",
  ].join("\n");
}

function renderCommand(program: string, { name, options, argument }: CommandWords): string[] {
  const inCommand = `complete -c ${program} -n '__fish_seen_subcommand_from ${name}'`;
  return [
    ...(argument === undefined || argument.kind === "free" ? [] : [`${inCommand} ${valueWords(argument)}`]),
    ...options.map((option) => `${inCommand} ${optionWords(option)}`),
  ];
}

function optionWords({ flags, description, value }: OptionWords): string {
  const spellings = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  return [
    ...spellings,
    ...(value === undefined ? [] : [value.kind === "file" ? "-r" : "-x", valueWords(value)]),
    `-d ${quote(description)}`,
  ]
    .filter((word) => word !== "")
    .join(" ");
}

function valueWords(value: Value): string {
  switch (value.kind) {
    case "file":
      return "-F";
    case "folder":
      return "-a '(__fish_complete_directories)'";
    case "choice":
      return `-a ${quote(value.choices.join(" "))}`;
    case "free":
      return "";
  }
}

function quote(text: string): string {
  return `'${text.replaceAll(/['\\]/g, (character) => `\\${character}`)}'`;
}

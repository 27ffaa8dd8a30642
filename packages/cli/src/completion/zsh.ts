import type { CommandWords, OptionWords, ProgramWords, Value } from "./command-words.ts";

/** The completion script for zsh: to be sourced, or to be put into a folder of `$fpath` as `_puggle`. */
export function renderZsh({ name, options, commands }: ProgramWords): string {
  return `#compdef ${name}
# Completion of ${name} for zsh: source <(${name} completion zsh)
_${name}() {
  local curcontext=$curcontext state line
  local -a commands=(
${commands.map((command) => `    ${quote(`${command.name}:${command.description}`)}`).join("\n")}
  )
  _arguments -C ${options.flatMap(renderOption).join(" ")} '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $line[1] in
${commands.map(renderCommand).join("\n")}
      esac
      ;;
  esac
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _${name} "$@"
else
  compdef _${name} ${name}
fi
`;
}

function renderCommand({ name, options, argument }: CommandWords): string {
  const words = [...options.flatMap(renderOption), ...(argument === undefined ? [] : [quote(`1:${name}:${actionOf(argument)}`)])];
  return `        ${name}) _arguments ${words.join(" ")} ;;`;
}

function renderOption({ flags, description, value }: OptionWords): string[] {
  const text = description.replaceAll(/[[\]:\\]/g, (character) => `\\${character}`);
  // An option that takes a value may well be given again; one that takes none is said once, by any of its names.
  const often = value !== undefined ? "*" : flags.length > 1 ? `(${flags.join(" ")})` : "";
  return flags.map((flag) => quote(`${often}${flag}[${text}]${value === undefined ? "" : `:value:${actionOf(value)}`}`));
}

function actionOf(value: Value): string {
  switch (value.kind) {
    case "file":
      return "_files";
    case "folder":
      return "_files -/";
    case "choice":
      return `(${value.choices.join(" ")})`;
    case "free":
      return " ";
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

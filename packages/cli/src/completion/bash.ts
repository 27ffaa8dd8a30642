import type { CommandWords, OptionWords, ProgramWords, Value } from "./command-words.ts";

/** The completion script for bash 4 and later; it needs nothing beside bash. */
export function renderBash({ name, options, commands }: ProgramWords): string {
  const flags = options.flatMap((option) => option.flags);
  return `# Completion of ${name} for bash: source <(${name} completion bash)
_${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= word
  # bash makes a word of its own of the = in --option=value.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ $word != -* ]]; then
      command=$word
      break
    fi
  done
  COMPREPLY=()
  case $command in
    '') ${offerWords([...flags, ...commands.map((command) => command.name)])} ;;
${commands.map(renderCommand).join("\n")}
  esac
}

complete -F _${name} ${name}
`;
}

function renderCommand({ name, options, argument }: CommandWords): string {
  const withValue = options.filter((option) => option.value !== undefined);
  const flags = options.flatMap((option) => option.flags);
  return `    ${name})
      case $prev in
${withValue.map(renderOptionValue).join("")}        *)
          if [[ $cur == -* ]]; then
            ${offerWords(flags)}
          else
            ${offer(argument)}
          fi
          ;;
      esac
      ;;`;
}

function renderOptionValue({ flags, value }: OptionWords): string {
  return `        ${flags.join("|")}) ${offer(value)} ;;\n`;
}

function offer(value: Value | undefined): string {
  switch (value?.kind) {
    case "file":
      return offerPaths("-f");
    case "folder":
      return offerPaths("-d");
    case "choice":
      return offerWords(value.choices);
    default:
      return ":";
  }
}

function offerWords(words: readonly string[]): string {
  return `mapfile -t COMPREPLY < <(compgen -W '${words.join(" ")}' -- "$cur")`;
}

function offerPaths(kind: "-f" | "-d"): string {
  return `mapfile -t COMPREPLY < <(compgen ${kind} -- "$cur"); compopt -o filenames 2>/dev/null`;
}

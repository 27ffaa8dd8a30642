import { Argument, type Command } from "commander";
import type { CommandResult } from "../command-result.ts";
import { renderBash } from "../completion/bash.ts";
import { describeCommands } from "../completion/command-words.ts";
import { renderFish } from "../completion/fish.ts";
import { renderZsh } from "../completion/zsh.ts";
import { EXIT_CODES } from "../exit-code.ts";

const RENDERERS = { bash: renderBash, zsh: renderZsh, fish: renderFish } as const;

type Shell = keyof typeof RENDERERS;

const EXAMPLES = `
Examples:
  source <(puggle completion bash)                                     in ~/.bashrc
  source <(puggle completion zsh)                                      in ~/.zshrc, after compinit
  puggle completion fish > ~/.config/fish/completions/puggle.fish
`;

/** `puggle completion`: what a shell needs to complete the command line. */
export function addCompletionCommand(program: Command, finish: (result: CommandResult) => void): void {
  program
    .command("completion")
    .description("print the completion script for a shell")
    .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(RENDERERS)))
    .addHelpText("after", EXAMPLES)
    .action((shell: Shell) => {
      const script = RENDERERS[shell](describeCommands(program));
      finish({ exitCode: EXIT_CODES.good, text: script, json: { shell, script } });
    });
}

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { CliError } from "../cli-error.ts";
import type { CommandResult } from "../command-result.ts";
import { EXIT_CODES } from "../exit-code.ts";
import { STARTER_MESH } from "../starter-mesh.ts";
import { DEFAULT_MESH_FILE, parsePath } from "./options.ts";

const EXAMPLES = `
Examples:
  puggle init              write ./mesh.yaml
  puggle init staging      write staging/mesh.yaml
`;

/** `puggle init`: a first mesh file to change. */
export function addInitCommand(program: Command, finish: (result: CommandResult) => void): void {
  program
    .command("init")
    .description("write a commented mesh file to begin with")
    .argument("[folder]", "where to write it", parsePath, ".")
    .addHelpText("after", EXAMPLES)
    .action((folder: string) => finish(init(folder)));
}

function init(folder: string): CommandResult {
  const file = join(folder, DEFAULT_MESH_FILE);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, STARTER_MESH, { flag: "wx" });
  } catch (error) {
    throw refusal(file, error);
  }
  const option = file === DEFAULT_MESH_FILE ? "" : ` -f ${file}`;
  const explain = `puggle explain http://cart.shop/${option} -H 'virtual-cluster-name: pr-42' --from shop/web`;
  const next = [`puggle generate${option}`, explain];
  return {
    exitCode: EXIT_CODES.good,
    text: `wrote ${file}\n\nNext: put your services into it, then\n${next.map((line) => `  ${line}\n`).join("")}`,
    json: { file, next },
  };
}

function refusal(file: string, error: unknown): CliError {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return code === "EEXIST"
    ? new CliError(
        "file-exists",
        EXIT_CODES.canNotWrite,
        `${file} exists already, and is left as it is; name another folder, or remove it first`,
      )
    : new CliError("can-not-write", EXIT_CODES.canNotWrite, `${file} can not be written (${code})`);
}

import {
  describeRouting,
  generate,
  type MeshProxy,
  predictSidecarSize,
  ROUTING_MODES,
  type RoutingMode,
  resourcesAsGenerated,
  STAMP_KINDS,
  type StampKind,
  TARGETS,
  type Target,
} from "@puggle/mesh-config";
import { readMesh } from "@puggle/model";
import { type Command, Option } from "commander";
import { CliError } from "../cli-error.ts";
import type { Clock } from "../clock.ts";
import type { CommandResult } from "../command-result.ts";
import { EXIT_CODES } from "../exit-code.ts";
import { readClusterManifests } from "../input/manifests.ts";
import { whileInterruptible } from "../interruption.ts";
import { applyPlan, type OutputPlan, planOutput, scanOutput } from "../output-folder/index.ts";
import { warnOfExpired } from "./expiry-warnings.ts";
import { formatPlan, formatRouting } from "./generate-report.ts";
import { warnOfBroken } from "./manifest-warnings.ts";
import { manifestsOption, meshFileOption, parsePath } from "./options.ts";
import { warnOfLostPolicies } from "./policy-warnings.ts";
import { warnOfRouting } from "./routing-warnings.ts";
import { warnOfLargeSidecars } from "./sidecar-warnings.ts";
import { warnOfLarge } from "./size-warnings.ts";

const EXAMPLES = `
Examples:
  puggle generate                                     ./mesh.yaml to generated/istio/
  puggle generate -f mesh/ -o deploy --manifests k8s/
  puggle generate --check                             in CI: fails where the files are not those of the mesh file
  puggle generate --target envoy                      plain Envoy configurations, for laptops
`;

/** A sidecar of which nothing is known, which is told of everything that all may see. */
const ANY_CALLER: MeshProxy = { kind: "sidecar", namespace: "", labels: {} };

interface GenerateOptions {
  readonly file: string;
  readonly target: Target;
  readonly out: string;
  readonly manifests?: readonly string[];
  readonly routing?: RoutingMode;
  readonly stamp: StampKind;
  readonly check?: boolean;
  readonly dryRun?: boolean;
}

/** `puggle generate`: from the mesh file to files that are applied to the cluster. */
export function addGenerateCommand(program: Command, finish: (result: CommandResult) => void, clock: Clock): void {
  program
    .command("generate")
    .description("write the mesh configuration that the mesh file asks for")
    .addOption(meshFileOption())
    .addOption(new Option("--target <target>", "what is generated").choices(TARGETS).default("istio"))
    .addOption(
      new Option("-o, --out <folder>", "the folder to write to; the target's name is a folder in it")
        .argParser(parsePath)
        .default("generated"),
    )
    .addOption(manifestsOption())
    .addOption(
      new Option("--routing <mode>", "how requests are led to members; what fits each service best when left out").choices(ROUTING_MODES),
    )
    .addOption(
      new Option("--stamp <kind>", "by what members' sidecars put the name on what has none; TrafficExtension needs Istio 1.30")
        .choices(STAMP_KINDS)
        .default("EnvoyFilter"),
    )
    .addOption(new Option("--check", "write nothing; exit with 1 where the folder differs from what would be generated"))
    .addOption(new Option("--dry-run", "write nothing; say what would be done").conflicts("check"))
    .addHelpText("after", EXAMPLES)
    .action(async (options: GenerateOptions) => finish(await generateFiles(options, clock())));
}

async function generateFiles(options: GenerateOptions, now: Date): Promise<CommandResult> {
  const { file, target, out, manifests = [], routing, stamp, check = false, dryRun = false } = options;
  const mesh = await readMesh(file);
  const known = readClusterManifests(manifests);
  const asked = { manifests: known, stamp, ...(routing === undefined ? {} : { routing }) };
  const generated = generate(mesh, target, asked);
  const plan = planOutput(generated, scanOutput(out, target));
  if (plan.blocked.length > 0) {
    const problems = plan.blocked.map(({ path, message }) => ({ path: `${out}/${path}`, message }));
    throw new CliError(
      "foreign-file",
      EXIT_CODES.canNotWrite,
      "nothing was written, since this is in the way; move it, or name another folder with -o",
      problems,
    );
  }
  const isCurrent = plan.created.length + plan.changed.length + plan.removed.length === 0;
  const mode = check ? "check" : dryRun ? "dry-run" : "write";
  if (mode === "write") await whileInterruptible(async (signal) => await applyPlan(out, plan, signal));
  const routings = target === "istio" ? describeRouting(mesh, asked) : [];
  const sidecar =
    target === "istio"
      ? predictSidecarSize(resourcesAsGenerated(mesh, asked), ANY_CALLER, { clusterDomain: mesh.clusterDomain })
      : undefined;
  const warnings = [
    ...warnOfExpired(mesh, now),
    ...warnOfBroken(known),
    ...(target === "istio"
      ? [
          ...(mesh.services.some(({ calls }) => calls === undefined) ? warnOfLargeSidecars(sidecar) : []),
          ...warnOfRouting(routings, mesh.clusterDomain),
          ...warnOfLostPolicies(mesh, asked),
          ...warnOfLarge(generated),
        ]
      : []),
  ];
  return {
    exitCode: check && !isCurrent ? EXIT_CODES.no : EXIT_CODES.good,
    text: `${formatRouting(routings)}${formatPlan(plan, mode, out)}`,
    json: { target, folder: out, mode, isCurrent, ...pathsOf(plan), routing: routings, sidecar: sidecar ?? null, warnings },
    warnings,
  };
}

function pathsOf({ created, changed, removed, unchanged }: OutputPlan) {
  return { created: created.map(({ path }) => path), changed: changed.map(({ path }) => path), removed, unchanged: unchanged.length };
}

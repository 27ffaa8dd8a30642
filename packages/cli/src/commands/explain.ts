import { existsSync } from "node:fs";
import {
  describeBaselines,
  type ExplainRequest,
  explain,
  explainChain,
  findSidecar,
  formatChain,
  formatExplanation,
  type KubernetesResource,
  lastOfEach,
  type ResourceReference,
  resourcesOf,
} from "@puggle/mesh-config";
import { type Mesh, readMesh } from "@puggle/model";
import { type Command, InvalidArgumentError, Option } from "commander";
import { CliError } from "../cli-error.ts";
import type { CommandResult } from "../command-result.ts";
import { EXIT_CODES } from "../exit-code.ts";
import { readClusterManifests, readResources } from "../input/manifests.ts";
import { collectPaths, manifestsOption, meshFileOption } from "./options.ts";
import { findService, parseGateway, parseWorkload, type WorkloadName } from "./origin.ts";

const EXAMPLES = `
Examples:
  puggle explain http://cart.shop/ -H 'virtual-cluster-name: pr-42'
  puggle explain http://cart.shop/items --from shop/web@pr-42      as the member's own sidecar routes it
  puggle explain http://shop.example/ --from-gateway istio-ingress/public -X POST
  puggle explain http://cart.shop/ --resources generated/ --json
  puggle explain http://cart.shop/ --then http://stock.shop/ -H 'virtual-cluster-name: pr-42'      what cart calls then
`;

interface ExplainOptions {
  readonly file: string;
  readonly manifests?: readonly string[];
  readonly resources?: readonly string[];
  readonly header?: Readonly<Record<string, readonly string[]>>;
  readonly request: string;
  readonly then?: readonly string[];
  readonly drops?: readonly WorkloadName[];
  readonly from?: WorkloadName;
  readonly fromGateway?: ExplainRequest["from"];
}

/** `puggle explain`: where a request goes, and why. */
export function addExplainCommand(program: Command, finish: (result: CommandResult) => void): void {
  const command = program
    .command("explain")
    .description("say where a request goes: which rule of which resource decides, which destination it reaches, and why")
    .argument("<url>", "the URL, as the caller writes it")
    .addOption(meshFileOption())
    .addOption(manifestsOption())
    .addOption(
      new Option(
        "--resources <path...>",
        "explain what these manifests (files or folders) say, not what the mesh file would generate; the mesh file, where there is one, tells of the baselines and external hosts that they leave out",
      )
        .argParser(collectPaths)
        .conflicts("manifests"),
    )
    .addOption(new Option("-H, --header <header>", "a header as 'name: value'; may be repeated").argParser(collectHeader))
    .addOption(new Option("-X, --request <method>", "the method").default("GET"))
    .addOption(
      new Option(
        "--from <workload>",
        "the caller: [namespace/]service[@virtual-cluster]; a client outside the mesh's services when left out",
      ).argParser(parseWorkload),
    )
    .addOption(
      new Option("--from-gateway <gateway>", "the gateway that it enters by: namespace/name").argParser(parseGateway).conflicts("from"),
    )
    .addOption(
      new Option("--then <url>", "what the service that gets the request calls then; may be repeated, for what that one calls").argParser(
        collectUrl,
      ),
    )
    .addOption(
      new Option(
        "--drops <workload>",
        "a service that does not hand the header on: [namespace/]service[@virtual-cluster]; may be repeated",
      ).argParser(collectWorkload),
    )
    .addHelpText("after", EXAMPLES);
  command.action(async (url: string, options: ExplainOptions) => {
    const isFileGiven = command.getOptionValueSource("file") !== "default";
    finish(await explainRequest(url, options, isFileGiven || options.resources === undefined || existsSync(options.file)));
  });
}

async function explainRequest(url: string, options: ExplainOptions, isMeshWanted: boolean): Promise<CommandResult> {
  const mesh = isMeshWanted ? await readMesh(options.file) : undefined;
  const resources = collectResources(mesh, options);
  const request = { from: findOrigin(options, mesh, resources), method: options.request, url, headers: options.header ?? {} };
  const { then = [], drops = [] } = options;
  const compiling = mesh === undefined ? {} : { clusterDomain: mesh.clusterDomain };
  if (then.length === 0) {
    if (drops.length > 0)
      throw new CliError("drops-nothing", EXIT_CODES.usage, "--drops is about the calls of --then, of which there are none");
    const explanation = explain(resources, request, compiling);
    return { exitCode: EXIT_CODES.good, text: formatExplanation(explanation), json: explanation };
  }
  const dropping = drops.map((workload) => ({ ...workload, ...findService(workload, mesh?.services) }));
  // There has to be such a workload.
  for (const workload of dropping) findSidecar(resources, workload);
  const isPropagating = (workload: ResourceReference) => !dropping.some((dropped) => isWorkloadOf(dropped, workload, resources));
  const calls = then.map((called) => ({ url: called }));
  const chain = explainChain(resources, request, calls, { ...compiling, isPropagating });
  return { exitCode: EXIT_CODES.good, text: formatChain(chain), json: chain };
}

function collectResources(mesh: Mesh | undefined, options: ExplainOptions): readonly KubernetesResource[] {
  if (options.resources === undefined)
    return mesh === undefined ? [] : resourcesOf(mesh, { manifests: readClusterManifests(options.manifests ?? []) });
  return lastOfEach([...(mesh === undefined ? [] : describeBaselines(mesh)), ...readResources(options.resources)]);
}

function findOrigin(
  { from, fromGateway }: ExplainOptions,
  mesh: Mesh | undefined,
  resources: readonly KubernetesResource[],
): ExplainRequest["from"] {
  if (fromGateway !== undefined) return fromGateway;
  if (from === undefined) return { kind: "sidecar", namespace: "default", labels: {} };
  return findSidecar(resources, { ...from, ...findService(from, mesh?.services) });
}

/** A service's name stands for its baseline and its members, and with a virtual cluster for that member alone. */
function isWorkloadOf(
  { service, namespace, virtualCluster }: WorkloadName,
  workload: ResourceReference,
  resources: readonly KubernetesResource[],
): boolean {
  if (workload.namespace !== namespace) return false;
  if (virtualCluster !== undefined) return workload.name === `${service}-${virtualCluster}`;
  const isIt = ({ kind, metadata }: KubernetesResource) =>
    kind === workload.kind && metadata.name === workload.name && (metadata.namespace ?? "default") === namespace;
  return workload.name === service || resources.some((one) => isIt(one) && one.metadata.labels?.["puggle.dev/service"] === service);
}

function collectUrl(url: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, url];
}

function collectWorkload(value: string, earlier: readonly WorkloadName[] = []): readonly WorkloadName[] {
  return [...earlier, parseWorkload(value)];
}

function collectHeader(header: string, earlier: Readonly<Record<string, readonly string[]>> = {}): Record<string, readonly string[]> {
  const colon = header.indexOf(":");
  const name = header.slice(0, colon).trim().toLowerCase();
  if (colon === -1 || !/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) throw new InvalidArgumentError("write it as 'name: value'.");
  return { ...earlier, [name]: [...(Object.hasOwn(earlier, name) ? (earlier[name] ?? []) : []), header.slice(colon + 1).trim()] };
}

import { styleText } from "node:util";
import type { ServiceRouting } from "@puggle/mesh-config";
import type { OutputPlan } from "../output-folder/index.ts";

type Mode = "write" | "check" | "dry-run";

const MOST_LISTED = 20;

/** Says what happened to the output folder, or what would: a line a file, then the sum. */
export function formatPlan({ created, changed, removed, unchanged }: OutputPlan, mode: Mode, folder: string): string {
  const lines = [
    ...created.map(({ path }) => styleText("green", `+ ${path}`)),
    ...changed.map(({ path }) => styleText("yellow", `~ ${path}`)),
    ...removed.map((path) => styleText("red", `- ${path}`)),
  ];
  const hidden = lines.length - MOST_LISTED;
  const listed = hidden > 0 ? [...lines.slice(0, MOST_LISTED), `... and ${hidden} more (--json lists them all)`] : lines;
  const sum = `${created.length} new, ${changed.length} changed, ${removed.length} removed, ${unchanged.length} unchanged`;
  return [...listed, `${folder}: ${sum}${verdict(mode, lines.length === 0)}`, ""].join("\n");
}

function verdict(mode: Mode, isCurrent: boolean): string {
  if (mode === "write") return "";
  if (mode === "dry-run") return " (dry run: nothing was written)";
  return isCurrent ? "; up to date" : "; not up to date: run puggle generate and commit what it writes";
}

/** Says which services are not routed in the plain way, and why. */
export function formatRouting(routings: readonly ServiceRouting[]): string {
  return routings
    .filter(({ mode }) => mode !== "copy")
    .map(({ namespace, service, mode, why }) => `${namespace}/${service} is routed by ${mode}: ${why}\n`)
    .join("");
}

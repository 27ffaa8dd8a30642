import { join } from "node:path";
import { type Mesh, readMesh } from "@puggle/model";
import { beforeAll, describe, expect, it } from "vitest";
import { type Journey, type Scenario, scenarios } from "./scenarios.ts";

let mesh: Mesh;
beforeAll(async () => {
  mesh = await readMesh(join(import.meta.dirname, "../../mesh.yaml"));
});

function expectationsOf(scenario: Scenario): readonly Pick<Journey, "expected">[] {
  return scenario.kind === "interleaved" ? scenario.journeys : [scenario];
}

describe("the demo's scenarios", () => {
  it("have names of their own", () => {
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
  });

  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))("expect of %s only what the mesh file has", (_, scenario) => {
    const external = mesh.externalHosts.map(({ host }) => host);
    const baselines = mesh.services.map(({ name }) => name);
    const members = mesh.virtualClusters.flatMap(({ name, members }) => members.map(({ service }) => `${service}@${name}`));
    const known = [...external, ...baselines, ...members];
    for (const { expected } of expectationsOf(scenario)) for (const { at } of expected) expect(known).toContain(at);
  });

  it("never expect two virtual clusters on one way", () => {
    for (const { expected } of scenarios.flatMap(expectationsOf)) {
      const names = new Set(expected.flatMap(({ at }) => at.split("@").slice(1)));
      expect(names.size).toBeLessThanOrEqual(1);
    }
  });
});

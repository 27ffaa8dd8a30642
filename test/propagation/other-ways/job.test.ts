import { describe, expect, test } from "vitest";
import { ARMS } from "../../../bench/propagation/arms.ts";
import { type Part, tryArm } from "./job.ts";

const SENT_ANYWHERE: readonly Part[] = ["no name to another host", "no name to another host after a redirect", "no name that is none"];
const LOST_AT_THE_END: readonly Part[] = ["calls from the request's events", ...SENT_ANYWHERE];

/** What each of the bench's ways does not do. Ways that are not here do all. */
const NOT_DONE: Readonly<Record<string, readonly Part[]>> = {
  argument: SENT_ANYWHERE,
  als: LOST_AT_THE_END,
  "express-context": LOST_AT_THE_END,
  "cls-hooked": SENT_ANYWHERE,
  otel: SENT_ANYWHERE,
  "otel-spans": SENT_ANYWHERE,
  hpropagate: ["no name to another host", "no name that is none"],
};

describe("the job, done by the bench's ways", () => {
  test.each(ARMS.filter(({ passesOn }) => passesOn !== "not"))("$name", { timeout: 60_000 }, async (arm) => {
    const faults = await tryArm(arm);
    expect(Object.keys(faults), JSON.stringify(faults)).toEqual(NOT_DONE[arm.name] ?? []);
    expect(arm.doesTheJob).toBe(Object.keys(faults).length === 0);
  });
});

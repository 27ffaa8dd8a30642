import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { defaultTargets } from "./targets/pattern.ts";

/** Each test reads the environment as a process does that has just started: a warning is given once a process. */
let environment: typeof import("./environment.ts");
let warn: ReturnType<typeof vi.spyOn>;

beforeEach(async () => {
  vi.resetModules();
  environment = await import("./environment.ts");
  warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("PUGGLE_PROPAGATION", () => {
  test.each([
    [undefined, false],
    ["", false],
    ["on", false],
    ["off", true],
    [" OFF ", true],
    ["false", true],
    ["0", true],
  ])("%s switches off: %s", (value, wanted) => {
    expect(environment.isSwitchedOff({ PUGGLE_PROPAGATION: value })).toBe(wanted);
    expect(warn).not.toHaveBeenCalled();
  });

  test("an unknown word leaves it on, with one warning", () => {
    for (let times = 0; times < 2; times += 1) expect(environment.isSwitchedOff({ PUGGLE_PROPAGATION: "maybe" })).toBe(false);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('"maybe"'), expect.objectContaining({ code: "PUGGLE_INVALID_ENVIRONMENT" }));
  });
});

test("each variable gives its value, and its default where it is not set", () => {
  const { readName, readTargets, readPollers, readBaggageUse, readReportLost } = environment;
  expect(readName({ VIRTUAL_CLUSTER_NAME: " pr-42 " })).toBe("pr-42");
  expect(readName({})).toBeUndefined();
  expect(readName({ VIRTUAL_CLUSTER_NAME: "" })).toBeUndefined();
  expect(readTargets({ PUGGLE_TARGETS: " *.svc, 10.0.0.0/8 ,," })).toEqual(["*.svc", "10.0.0.0/8"]);
  expect(readTargets({})).toEqual(defaultTargets);
  expect(readPollers({ PUGGLE_POLLERS: "config, stack:poll.js" })).toEqual(["config", "stack:poll.js"]);
  expect(readPollers({})).toEqual([]);
  expect(["on", "off", "write", undefined].map((word) => readBaggageUse({ PUGGLE_BAGGAGE: word }))).toEqual([
    { reads: true, writes: false },
    { reads: false, writes: false },
    { reads: true, writes: true },
    { reads: true, writes: false },
  ]);
  expect(["on", "off", undefined].map((word) => readReportLost({ PUGGLE_REPORT_LOST: word }))).toEqual([true, false, true]);
  expect(warn).not.toHaveBeenCalled();
});

test.each([
  ["VIRTUAL_CLUSTER_NAME", "PR-42", () => environment.readName({ VIRTUAL_CLUSTER_NAME: "PR-42" }), undefined],
  ["VIRTUAL_CLUSTER_NAME", "default", () => environment.readName({ VIRTUAL_CLUSTER_NAME: "default" }), undefined],
  ["PUGGLE_TARGETS", "not ok", () => environment.readTargets({ PUGGLE_TARGETS: "ok,not ok" }), defaultTargets],
  ["PUGGLE_POLLERS", "stack:", () => environment.readPollers({ PUGGLE_POLLERS: "ok,stack:" }), []],
  ["PUGGLE_BAGGAGE", "both", () => environment.readBaggageUse({ PUGGLE_BAGGAGE: "both" }), { reads: true, writes: false }],
  ["PUGGLE_REPORT_LOST", "no", () => environment.readReportLost({ PUGGLE_REPORT_LOST: "no" }), true],
])("a fault in %s (%s) is one warning that names both, and the default", (variable, value, read, wanted) => {
  for (let times = 0; times < 2; times += 1) expect(read()).toEqual(wanted);
  expect(warn).toHaveBeenCalledTimes(1);
  const [message] = warn.mock.calls[0] ?? [];
  expect(message).toContain(variable);
  expect(message).toContain(`"${value}"`);
});

import { afterEach, describe, expect, test, vi } from "vitest";
import { isSwitchedOff } from "./environment.ts";
import { PropagationError } from "./errors.ts";
import { mergeSettings, type RegisterOptions } from "./settings.ts";
import { defaultTargets } from "./targets/pattern.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("options", () => {
  test("have defaults", () => {
    expect(mergeSettings({}, undefined, {})).toMatchObject({ inbound: true, outbound: true, baggage: true, targets: defaultTargets });
  });

  test("a second call changes what it names and leaves the rest", () => {
    const first = mergeSettings({ targets: ["orders"], inbound: false }, undefined, {});
    const second = mergeSettings({ baggage: false }, first, { PUGGLE_TARGETS: "ignored" });
    expect(second).toMatchObject({ targets: ["orders"], inbound: false, outbound: true, baggage: false });
    expect(second.isTarget).toBe(first.isTarget);
  });

  test("go before the environment, which goes before the defaults", () => {
    const environment = { PUGGLE_TARGETS: " *.svc, 10.0.0.0/8 ,," };
    expect(mergeSettings({}, undefined, environment).targets).toEqual(["*.svc", "10.0.0.0/8"]);
    expect(mergeSettings({ targets: ["orders"] }, undefined, environment).targets).toEqual(["orders"]);
    expect(mergeSettings({ targets: [] }, undefined, environment).targets).toEqual([]);
  });

  test.each([
    [null, "PUGGLE_INVALID_OPTION", "object"],
    ["x", "PUGGLE_INVALID_OPTION", "object"],
    [{ target: ["a"] }, "PUGGLE_INVALID_OPTION", '"target"'],
    [{ targets: "a" }, "PUGGLE_INVALID_OPTION", '"targets"'],
    [{ targets: [1] }, "PUGGLE_INVALID_OPTION", '"targets"'],
    [{ inbound: "no" }, "PUGGLE_INVALID_OPTION", '"inbound"'],
    [{ targets: ["orders:80"] }, "PUGGLE_INVALID_TARGET", '"orders:80"'],
  ])("%j is refused with %s", (options, code, words) => {
    let error: unknown;
    try {
      mergeSettings(options as RegisterOptions, undefined, {});
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(PropagationError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(words) });
  });
});

describe("the environment", () => {
  test("a fault in it gives one warning and the default", () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    for (let times = 0; times < 2; times += 1)
      expect(mergeSettings({}, undefined, { PUGGLE_TARGETS: "ok,not ok" }).targets).toEqual(defaultTargets);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('"not ok"'), expect.objectContaining({ code: "PUGGLE_INVALID_ENVIRONMENT" }));
  });

  test.each([
    [undefined, false],
    ["", false],
    ["on", false],
    ["off", true],
    [" OFF ", true],
  ])("PUGGLE_PROPAGATION=%s switches off: %s", (value, wanted) => {
    expect(isSwitchedOff({ PUGGLE_PROPAGATION: value })).toBe(wanted);
  });

  test("an unknown word leaves it on, with one warning", () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    expect(isSwitchedOff({ PUGGLE_PROPAGATION: "maybe" })).toBe(false);
    expect(isSwitchedOff({ PUGGLE_PROPAGATION: "maybe" })).toBe(false);
    expect(warn).toHaveBeenCalledTimes(1);
  });
});

import { afterEach, describe, expect, test, vi } from "vitest";
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

  test("say what is done with baggage", () => {
    const use = (baggage?: boolean | "write") => {
      const { baggage: reads, writesBaggage: writes } = mergeSettings(baggage === undefined ? {} : { baggage }, undefined, {});
      return { reads, writes };
    };
    expect(use()).toEqual({ reads: true, writes: false });
    expect(use(true)).toEqual({ reads: true, writes: false });
    expect(use(false)).toEqual({ reads: false, writes: false });
    expect(use("write")).toEqual({ reads: true, writes: true });
    const inForce = mergeSettings({ baggage: "write" }, undefined, {});
    expect(mergeSettings({ inbound: false }, inForce, { PUGGLE_BAGGAGE: "off" })).toMatchObject({ baggage: true, writesBaggage: true });
  });

  test.each([
    [null, "PUGGLE_INVALID_OPTION", "object"],
    ["x", "PUGGLE_INVALID_OPTION", "object"],
    [[], "PUGGLE_INVALID_OPTION", "object"],
    [[1], "PUGGLE_INVALID_OPTION", '"options" is to be an object, and is an array'],
    [{ target: ["a"] }, "PUGGLE_INVALID_OPTION", '"target"'],
    [{ targets: "a" }, "PUGGLE_INVALID_OPTION", '"targets"'],
    [{ targets: ["a", 1] }, "PUGGLE_INVALID_OPTION", '"targets" is to be an array of strings, and its entry 2 is a number'],
    [{ inbound: [1] }, "PUGGLE_INVALID_OPTION", '"inbound" is to be true or false, and is an array'],
    [{ inbound: "no" }, "PUGGLE_INVALID_OPTION", '"inbound"'],
    [{ baggage: "both" }, "PUGGLE_INVALID_OPTION", '"baggage"'],
    [{ virtualCluster: 42 }, "PUGGLE_INVALID_OPTION", '"virtualCluster"'],
    [{ virtualCluster: "PR-42" }, "PUGGLE_INVALID_NAME", '"PR-42"'],
    [{ pollers: "orders" }, "PUGGLE_INVALID_OPTION", '"pollers"'],
    [{ pollers: ["stack:"] }, "PUGGLE_INVALID_TARGET", '"stack:"'],
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

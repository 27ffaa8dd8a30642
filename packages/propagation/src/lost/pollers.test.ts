import { expect, test, vi } from "vitest";
import { compilePollers } from "./pollers.ts";

const to = (peer: string) => ({ peer, path: "/", hostHeader: undefined });

test("no entries need no judge", () => {
  expect(compilePollers([])).toBeUndefined();
});

test("an entry is a host as in targets, or a piece of a stack", () => {
  const isPoller = compilePollers(["config", "*.eureka.svc", "stack:poll-flags.js"]);
  const stack = vi.fn(() => "at refresh (/app/poll-flags.js:3:1)");
  expect(isPoller?.(to("http://config:8080"), stack)).toBe(true);
  expect(isPoller?.(to("a.eureka.svc"), stack)).toBe(true);
  expect(stack).not.toHaveBeenCalled();
  expect(isPoller?.(to("orders"), stack)).toBe(true);
  expect(isPoller?.(to("orders"), () => "at checkout (/app/checkout.js:3:1)")).toBe(false);
});

test("no stack is read where only hosts are listed", () => {
  const stack = vi.fn(() => "");
  expect(compilePollers(["config"])?.(to("orders"), stack)).toBe(false);
  expect(stack).not.toHaveBeenCalled();
});

test.each(["stack:", "stack:  ", "http://config", "config:80"])("%s is refused", (entry) => {
  expect(() => compilePollers([entry])).toThrow(expect.objectContaining({ code: "PUGGLE_INVALID_TARGET" }));
});

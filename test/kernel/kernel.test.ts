import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Kernel, startKernel } from "./boot/start.ts";

const parts = inject("kernelParts");

describe.skipIf(parts === undefined)("the kernel", () => {
  let kernel: Kernel;
  let bootMs: number;

  beforeAll(async () => {
    if (parts === undefined) return;
    const began = performance.now();
    kernel = await startKernel(parts);
    bootMs = performance.now() - began;
  });

  afterAll(() => kernel?.stop());

  test("boots in under ten seconds", () => {
    expect(bootMs).toBeLessThan(10_000);
  });

  test("runs commands at the same time", async () => {
    const began = performance.now();
    const results = await Promise.all(Array.from({ length: 10 }, (_, index) => kernel.shell('sleep 2; echo "$1"', [`${index}`])));
    expect(results.map(({ stdout }) => Number(stdout))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

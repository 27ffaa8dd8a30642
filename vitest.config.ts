import { defineConfig } from "vitest/config";

const ON_ISTIO = "test/istio/**/*.test.ts";
const ON_KERNEL = "test/kernel/**/*.test.ts";

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: "parts",
          include: ["packages/*/src/**/*.test.ts", "test/**/*.test.ts", "examples/*/src/**/*.test.ts"],
          exclude: ["**/node_modules/**", ON_ISTIO, ON_KERNEL],
        },
      },
      {
        extends: true,
        // A cluster each, which need the machine for themselves.
        test: { name: "istio", include: [ON_ISTIO], globalSetup: "test/istio/tools/setup.ts", fileParallelism: false },
      },
      {
        extends: true,
        // A kernel each, which takes a CPU for itself, and measures times.
        test: { name: "kernel", include: [ON_KERNEL], globalSetup: "test/kernel/setup.ts", fileParallelism: false },
      },
    ],
  },
});

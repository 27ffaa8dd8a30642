import { expect, test } from "vitest";
import { runInVirtualCluster } from "./virtual-cluster.ts";

test.each([
  [undefined, "undefined"],
  [null, "null"],
  ["work", '"work"'],
  [{}, "an object"],
  [[], "an array"],
])("work that is %j is refused by name", (work, said) => {
  expect(() => runInVirtualCluster("pr-42", work as unknown as () => void)).toThrow(
    expect.objectContaining({ name: "PropagationError", code: "PUGGLE_INVALID_ARGUMENT", message: expect.stringContaining(said) }),
  );
});

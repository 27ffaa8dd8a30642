import { setTimeout as sleep } from "node:timers/promises";

const LOOK_AGAIN_MS = 50;

/** @throws where it does not come about within a minute */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`it did not come about: ${isSo}`);
    await sleep(LOOK_AGAIN_MS);
  }
}

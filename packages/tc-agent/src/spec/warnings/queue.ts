import { DEFAULT_QUEUE_US } from "../emulation.ts";
import { printBytes, printDuration, printRate } from "./print-numbers.ts";
import type { RoundTrip } from "./round-trips.ts";
import type { Warning } from "./warning.ts";

/** A full Ethernet frame, as a rate counts it. */
const FRAME_BYTES = 1_514;
/** RFC 6928: so many packets TCP sends at once when it begins. */
const FIRST_FLIGHT = 10;
const FEWEST = 2;

/** What comes faster than the rate waits, and what does not fit is dropped. */
export function warnOfQueue({ rule: { name, emulation } }: RoundTrip): Warning[] {
  const { rate, queueUs = DEFAULT_QUEUE_US } = emulation;
  if (rate === undefined) return [];
  const bytes = (rate / 8) * (queueUs / 1e6);
  const frames = Math.floor(bytes / FRAME_BYTES);
  const isGiven = emulation.queueUs !== undefined;
  if (isGiven && frames >= FIRST_FLIGHT) return [];
  const which = isGiven ? `its queue of ${printDuration(queueUs)}` : `no queue is given, and the default of ${printDuration(queueUs)}`;
  const holds = `rule '${name}': ${which} holds ${printBytes(bytes)} at ${printRate(rate)}, ${countFrames(frames)} of ${FRAME_BYTES} bytes`;
  const roomy = printDuration(((FIRST_FLIGHT * FRAME_BYTES * 8) / rate) * 1e6);
  if (frames < FEWEST) {
    const message = `${holds}: it drops most of what does not come evenly; a queue of ${roomy} holds what TCP sends at once`;
    return [{ rule: name, code: "tiny-queue", message }];
  }
  const consequence =
    frames < FIRST_FLIGHT
      ? `TCP sends ${FIRST_FLIGHT} at once when it begins, and loses the rest; a queue of ${roomy} holds them`
      : "what comes faster for longer than that is dropped";
  return [{ rule: name, code: "queue-overflow", message: `${holds}: ${consequence}` }];
}

function countFrames(frames: number): string {
  if (frames === 0) return "not one packet";
  return frames === 1 ? "one packet" : `${frames} packets`;
}

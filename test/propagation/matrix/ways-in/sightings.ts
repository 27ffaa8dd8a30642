import { currentVirtualCluster } from "@puggle/propagation";

/** Where a request's code looked for the name, and what it found. */
export type Sightings = Record<string, string | undefined>;

/** Names the request that a sighting is of: the tests' own header, which the library knows nothing of. */
export const ID = "x-request-id";

const seen = new Map<string, Sightings>();

/** Notes the name that the running code finds. */
export function look(id: string, place: string): void {
  sightingsOf(id)[place] = currentVirtualCluster();
}

export function sightingsOf(id: string): Sightings {
  let sightings = seen.get(id);
  if (sightings === undefined) {
    sightings = {};
    seen.set(id, sightings);
  }
  return sightings;
}

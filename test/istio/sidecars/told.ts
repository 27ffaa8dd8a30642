import { isTold, type Marker } from "./marker.ts";
import { readRouteConfigurations } from "./route-configurations.ts";

/** What a sidecar has still to be told of until it knows the marker and all that came with it; "" where that is nothing. */
export async function findUntold(adminUrl: string, marker: Marker): Promise<"" | "routes" | "endpoints"> {
  if (!isTold(marker, await readRouteConfigurations(adminUrl))) return "routes";
  const statistics = await (await fetch(`${adminUrl}/stats?filter=^cluster_manager.warming_clusters$`)).text();
  return statistics.trim() === "cluster_manager.warming_clusters: 0" ? "" : "endpoints";
}

import type { ClusterEndpoints, Route, RouteTable } from "../routing/table.ts";
import { printAction } from "./route-action.ts";
import type { PrintAction } from "./route-configuration.ts";

const UNKNOWN_HOST = "no service or external host of this very name is in the mesh file\n";

/** Routes where no rule of the kernel redirects the app's traffic: there is no original destination to pass through to. */
export function printLaptopAction({ clusters }: RouteTable): PrintAction {
  return (route: Route) => {
    const [first] = route.destinations;
    if (first !== undefined && isWhereverTheCallerGoes(clusters.get(first.cluster)?.endpoints)) {
      return { direct_response: { status: 502, body: { inline_string: UNKNOWN_HOST } } };
    }
    return first === undefined && route.answer === undefined ? { direct_response: { status: 503 } } : printAction(route);
  };
}

function isWhereverTheCallerGoes(endpoints: ClusterEndpoints | undefined): boolean {
  return endpoints?.kind === "passthrough" || (endpoints?.kind === "external" && endpoints.host.startsWith("*"));
}

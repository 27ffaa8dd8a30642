export { currentVirtualCluster } from "./virtual-cluster.ts";

export { virtualCluster } from "./express.ts";

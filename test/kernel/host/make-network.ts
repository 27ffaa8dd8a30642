/** Run as a program: makes a network in which something runs, prints its name, and stays until it is killed. */
import { makeHostNetwork } from "./host-network.ts";

const network = await makeHostNetwork();
network.start("near", "sleep", ["1000"]);
network.start("far", "sleep", ["1000"]);
console.log(network.near.name.replace(/-near$/, ""));
setInterval(() => undefined, 1_000);

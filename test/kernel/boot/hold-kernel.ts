/** Boots a kernel of the parts which are its argument, says so, and holds it until it is ended. */
import { startKernel } from "./start.ts";

const kernel = await startKernel(JSON.parse(process.argv[2] ?? ""));
await kernel.start("sleep", ["1000"]);
console.log("booted");
setInterval(() => undefined, 1 << 30);

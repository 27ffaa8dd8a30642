import { Worker } from "node:worker_threads";

new Worker(new URL("./service.mjs", import.meta.url));

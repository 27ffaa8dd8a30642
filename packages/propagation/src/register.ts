/**
 * Switches propagation on by being loaded, with the options of the environment: `node --import @puggle/propagation/register
 * app.js`, or `--require` for CommonJS.
 *
 * @packageDocumentation
 */
import { isSwitchedOn } from "./environment.ts";
import { register } from "./registration.ts";
import { isTool } from "./tools.ts";

// NODE_OPTIONS reaches every Node.js process of a container, npm and compilers among them.
if (!isTool(process.argv[1]) || isSwitchedOn(process.env)) register();

/**
 * Switches propagation on by being loaded, with the options of the environment: `node --import @puggle/propagation/register
 * app.js`, or `--require` for CommonJS.
 *
 * @packageDocumentation
 */
import { register } from "./registration.ts";

register();

import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { HEADER } from "./requests.ts";

const run = promisify(execFile);
const resolve = createRequire(import.meta.url).resolve;

/** A service that froze a class of undici's own, before it made its first request. */
const SCRIPT = `
const http = require("node:http");
const [library, undici, frozen, exported] = process.argv.slice(1);
const propagation = require(library);
propagation.register();
const { request } = require(undici);
Object.freeze(require(frozen)[exported].prototype);
const server = http.createServer((request, response) => response.end(String(request.headers["${HEADER}"])));
server.listen(0, "127.0.0.1", async () => {
  const url = "http://127.0.0.1:" + server.address().port;
  const ask = (name) => propagation.runInVirtualCluster(name, async () => {
    const { body } = await request(url);
    const text = await body.text();
    return [text, propagation.currentVirtualCluster()];
  });
  const answers = await Promise.all([ask("vc-1"), ask("vc-2"), ask("vc-3")]);
  console.log(JSON.stringify({ answers, failures: propagation.stats().failures > 0 }));
  process.exit();
});
`;

test.each([
  ["undici", "lib/api/api-request.js", "RequestHandler", true],
  ["undici", "lib/api/readable.js", "Readable", false],
  ["undici7", "lib/api/api-request.js", "RequestHandler", true],
  ["undici7", "lib/api/readable.js", "Readable", false],
])(
  "a service that froze %s's %s#%s gets its answers, names and all; is a failure counted: %j",
  async (undici, file, exported, isCounted) => {
    const values = [resolve("@puggle/propagation"), resolve(undici), resolve(`${undici}/${file}`), exported];
    const { stdout } = await run(process.execPath, ["-e", SCRIPT, ...values], { timeout: 30_000 });
    const names = ["vc-1", "vc-2", "vc-3"];
    expect(JSON.parse(stdout)).toEqual({ answers: names.map((name) => [name, name]), failures: isCounted });
  },
);

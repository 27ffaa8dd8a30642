/** The service of these tests: it calls the downstream in three ways for each request, and answers with what arrived there. */
exports.serve = ({ express, http, undici }) => {
  const downstream = process.env.DOWNSTREAM;

  const ways = {
    fetch: async (headers) => (await fetch(`${downstream}/fetch`, { headers })).json(),
    undici: async (headers) => (await undici.request(`${downstream}/undici`, { headers })).body.json(),
    "node:http": (headers) =>
      new Promise((resolve, reject) => {
        const outgoing = http.get(`${downstream}/node`, { headers }, (response) => {
          let text = "";
          response.on("data", (chunk) => {
            text += chunk;
          });
          response.on("end", () => resolve(JSON.parse(text)));
        });
        outgoing.on("error", reject);
      }),
  };

  const callAll = async (headers) => {
    const pairs = Object.entries(ways).map(async ([way, call]) => [way, await call({ ...headers })]);
    return Object.fromEntries(await Promise.all(pairs));
  };

  const pause = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
  const routes = {
    "/call": async () => {
      await pause();
      globalThis.log?.("called");
      return callAll({});
    },
    "/one-second": () => new Promise((resolve) => setTimeout(resolve, 1000)),
    "/own-header": () => callAll({ "virtual-cluster-name": "mine" }),
    "/in-root-context": () => globalThis.inRootContext(() => callAll({})),
    "/pid": async () => process.pid,
    "/report": async () => globalThis.report(),
  };

  const app = express();
  for (const [path, answer] of Object.entries(routes)) app.get(path, async (_request, response) => response.json((await answer()) ?? null));
  const server = http.createServer(app).listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
};

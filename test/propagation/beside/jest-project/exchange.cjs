/** Starts an Express service on the way in and on the way out, sends it a request with a name and one without, and gives what arrived. */
exports.exchange = async ({ express, http, undici }) => {
  const app = express();
  app.get("/down", (request, response) => response.json(request.headersDistinct["virtual-cluster-name"] ?? []));
  app.get("/", async (_request, response) => {
    const down = `http://127.0.0.1:${server.address().port}/down`;
    response.json({
      fetch: await (await fetch(down)).json(),
      undici: await (await undici.request(down)).body.json(),
      "node:http": await get(http, down, {}),
    });
  });
  const server = http.createServer(app);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  try {
    const answers = [{ "virtual-cluster-name": "vc-1" }, {}, { "virtual-cluster-name": "vc-2" }].map((headers) =>
      get(http, origin, headers),
    );
    return await Promise.all(answers);
  } finally {
    server.closeAllConnections();
    server.close();
  }
};

function get(http, url, headers) {
  return new Promise((resolve, reject) => {
    http
      .get(url, { headers, agent: false }, (response) => {
        let text = "";
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () => resolve(JSON.parse(text)));
      })
      .on("error", reject);
  });
}

exports.arrived = (...names) => names.map((name) => ({ fetch: [name].flat(), undici: [name].flat(), "node:http": [name].flat() }));

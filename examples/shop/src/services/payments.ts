// Somebody else's service, outside the mesh: no sidecar, no propagation. It answers what was sent to it, so that the demo can show what left the mesh.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  const header = request.headers["virtual-cluster-name"]?.toString() ?? null;
  const received = request.headers;
  request.resume().on("end", () => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ service: "api.payments.example", version: "outside", header, madeOf: "node:http", received, calls: [] }));
  });
});
server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1");

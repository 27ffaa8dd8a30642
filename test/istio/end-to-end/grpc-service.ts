/** A service that speaks nothing but HTTP/2 without TLS, and answers each call as a gRPC server does, naming its pod. */

import { createServer } from "node:http2";

const { POD = "", PORT = "8080" } = process.env;

createServer((request, response) => {
  request.resume();
  response.writeHead(200, { "content-type": "application/grpc", "x-pod": POD });
  response.addTrailers({ "grpc-status": "0" });
  response.end();
}).listen(Number(PORT), "0.0.0.0");

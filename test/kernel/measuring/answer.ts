/** Answers on the far side: sends each datagram back, and accepts connections. Argument: addresses, and ports for both protocols, as JSON. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

interface Answering {
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
}

const { addresses, ports }: Answering = JSON.parse(process.argv[2] ?? "");
for (const address of addresses) {
  for (const port of ports) {
    // Bound to one address each, or answers would come from another.
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    socket.on("message", (message, from) => socket.send(message, from.port, from.address));
    socket.bind(port, address);
    const server = createServer((connection) => connection.on("error", () => undefined).resume());
    server.listen(port, address);
    await Promise.all([once(socket, "listening"), once(server, "listening")]);
  }
}
console.log("answering");

/** Run as a program inside that kernel: a name server at an address, which knows what a file says when it is asked: a name, and its addresses, on each line. */
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { decode, encode } from "dns-packet";

const NO_SUCH_NAME = 3;
const [address = "", path = ""] = process.argv.slice(2);

const socket = createSocket("udp4");
socket.on("message", (message, from) => {
  const { id = 0, questions = [] } = decode(message);
  const { name = "", type = "A" } = questions[0] ?? {};
  const known = readFileSync(path, "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .find(([one]) => one === name)
    ?.slice(1);
  const answers = (known ?? [])
    .filter((one) => one.includes(":") === (type === "AAAA"))
    .map((data) => ({ type: type as "A" | "AAAA", name, ttl: 5, data }));
  const flags = 0x0180 | (known === undefined ? NO_SUCH_NAME : 0);
  socket.send(encode({ type: "response", id, flags, questions, answers }), from.port, from.address);
});
socket.bind({ address, port: 53 }, () => console.log("listening"));

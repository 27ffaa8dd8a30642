/** Run as a program inside a network namespace: looks up the hosts that it is asked for, and prints what is known of them. */
import { text } from "node:stream/consumers";
import { lookUpHosts } from "../spec/hosts/look-up-hosts.ts";
import type { Answer, Question } from "./look-up-inside.ts";

const { hosts, options }: Question = JSON.parse(await text(process.stdin));
const { addresses, errors } = await lookUpHosts(hosts, options);
const answer: Answer = {
  addresses: Array.from(addresses, ([host, known]) => [host, [...known]]),
  errors: errors.map(({ code, host, message }) => ({ code, host, message })),
};
console.log(JSON.stringify(answer));

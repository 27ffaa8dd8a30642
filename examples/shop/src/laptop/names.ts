// Loaded before a service's own code (`node --import`). In a cluster, DNS knows the services' names, and iptables redirects what a container sends to
// its sidecar. A laptop has neither: here every name resolves to this machine, where the caller's own sidecar listens.
import dns, { type LookupAddress, type LookupOptions } from "node:dns";

const LOOPBACK: LookupAddress = { address: "127.0.0.1", family: 4 };

type Callback = (error: null, found: string | LookupAddress[], family?: number) => void;

function lookup(_name: string, options: LookupOptions | number | Callback, callback?: Callback): void {
  const answer = typeof options === "function" ? options : callback;
  const wantsAll = typeof options === "object" && options.all === true;
  process.nextTick(() => (wantsAll ? answer?.(null, [LOOPBACK]) : answer?.(null, LOOPBACK.address, LOOPBACK.family)));
}

Object.assign(dns, { lookup });

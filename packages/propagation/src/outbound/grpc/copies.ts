import { processState } from "../../process-state.ts";
import { loadedModules, watchModuleLoads } from "../module-loads.ts";
import { instrumentChannels } from "./calls.ts";

/** Makes the calls of every copy of `@grpc/grpc-js` carry the name: of those that are loaded, and of those that will be. */
export function installGrpcHooks(): void {
  for (const exports of loadedModules()) instrumentLoaded(exports);
  watchModuleLoads({
    after(_id, _parentFile, exports) {
      instrumentLoaded(exports);
    },
  });
}

/** Wraps a copy of `@grpc/grpc-js`, given its exports. `false` where they are not gRPC's. */
export function instrumentGrpc(exports: unknown): boolean {
  const isObject = (typeof exports === "object" || typeof exports === "function") && exports !== null;
  return isObject && instrumentChannel(Reflect.get(exports, "Channel"));
}

/** The class stands as plain data only in gRPC's module `channel`. A getter of somebody's module is not ours to run. */
function instrumentLoaded(exports: unknown): void {
  if (typeof exports !== "object" || exports === null) return;
  try {
    instrumentChannel(Object.getOwnPropertyDescriptor(exports, "ChannelImplementation")?.value);
  } catch {
    // Somebody froze its classes, or exports what can not even be looked at.
    processState.counters.failures += 1;
  }
}

function instrumentChannel(channel: unknown): boolean {
  if (typeof channel !== "function") return false;
  const prototype: unknown = channel.prototype;
  if (typeof prototype !== "object" || prototype === null || !("createCall" in prototype && "getTarget" in prototype)) return false;
  instrumentChannels(prototype);
  return true;
}

/** Are these the headers of a call of `@grpc/grpc-js`? What other clients of HTTP/2 send to gRPC servers has another user agent. */
export function isOfGrpc(headers: unknown): headers is object {
  if (typeof headers !== "object" || headers === null || !("te" in headers) || headers.te !== "trailers") return false;
  return "user-agent" in headers && typeof headers["user-agent"] === "string" && headers["user-agent"].includes("grpc-node-js/");
}

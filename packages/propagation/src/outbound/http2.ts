/** Makes the requests of `node:http2` clients carry the name. */
export function installHttp2ClientHooks(): void {}

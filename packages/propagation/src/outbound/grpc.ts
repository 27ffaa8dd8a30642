/** Makes the calls of `@grpc/grpc-js` carry the name. */
export function installGrpcHooks(): void {}

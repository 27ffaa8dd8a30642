declare module "node-fetch2" {
  const fetch: unknown;
  export = fetch;
}

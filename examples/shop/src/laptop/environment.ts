import type { Instance } from "./layout.ts";

/** How the services name those whom they call: by the full name, by the short one that is enough within a namespace, or by a public one. */
const CALLED_HOSTS = {
  CATALOG_URL: "catalog.shop.svc.cluster.local",
  CART_URL: "cart",
  PRICING_URL: "pricing.shop.svc.cluster.local",
  INVENTORY_URL: "inventory.shop.svc.cluster.local",
  PAYMENTS_URL: "api.payments.example",
};

/** What every instance of the shop is told by its environment. In a cluster only `VIRTUAL_CLUSTER_NAME` is needed: the rest are the services' defaults. */
export function environmentOf(instance: Instance): Record<string, string> {
  const port = instance.address.outbound[80];
  const urls = Object.entries(CALLED_HOSTS).map(([variable, host]) => [variable, `http://${host}:${port}`]);
  return {
    ...Object.fromEntries(urls),
    PORT: String(instance.address.ports[80]?.app),
    STOCK_WATCH_MS: "300",
    ...(instance.virtualCluster === undefined ? {} : { VIRTUAL_CLUSTER_NAME: instance.virtualCluster }),
  };
}

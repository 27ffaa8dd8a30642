/** The route configurations that istiod has sent to an Envoy, by name, as it prints them. */
export async function readRouteConfigurations(adminUrl: string): Promise<ReadonlyMap<string, unknown>> {
  const answer = await fetch(`${adminUrl}/config_dump?resource=dynamic_route_configs`);
  const { configs = [] } = (await answer.json()) as { configs?: { route_config: { name: string } }[] };
  return new Map(configs.map(({ route_config }) => [route_config.name, route_config]));
}

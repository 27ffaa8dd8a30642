const LISTS = ["containers", "initContainers"];

/** A pod's spec with each of its containers changed, those that run first too. */
export function mapContainers<Spec extends object>(spec: Spec, change: (container: unknown) => unknown): Spec {
  const lists = LISTS.flatMap((field) => {
    const containers: unknown = Reflect.get(spec, field);
    return Array.isArray(containers) ? [[field, containers.map(change)] as const] : [];
  });
  return { ...spec, ...Object.fromEntries(lists) } as unknown as Spec;
}

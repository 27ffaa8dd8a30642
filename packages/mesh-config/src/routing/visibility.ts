const EVERY_NAMESPACE = "*";
const OWN_NAMESPACE = ".";
const NOWHERE = "~";

/** How a resource is seen from a namespace. The more it is meant for that one, the earlier it counts. */
export type Visibility = "private" | "exported" | "public";

/** In the order in which they count. */
export const VISIBILITIES: readonly Visibility[] = ["private", "exported", "public"];

/** How a resource with this `exportTo` is seen from a namespace; `undefined` where it is not. */
export function visibilityFrom(
  namespace: string,
  { exportTo = [], ownNamespace }: { readonly exportTo?: readonly string[] | undefined; readonly ownNamespace: string },
): Visibility | undefined {
  if (exportTo.length === 0 || exportTo.includes(EVERY_NAMESPACE)) return "public";
  if (exportTo.includes(NOWHERE)) return undefined;
  const names = exportTo.map((name) => (name === OWN_NAMESPACE ? ownNamespace : name));
  if (!names.includes(namespace)) return undefined;
  return namespace === ownNamespace ? "private" : "exported";
}

/** The annotation by which a Service says what other resources say in `exportTo`. */
const EXPORT_ANNOTATION = "networking.istio.io/exportTo";

export function exportsOfService(annotations: Readonly<Record<string, string>> | undefined): readonly string[] {
  const value = annotations?.[EXPORT_ANNOTATION] ?? "";
  return value
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

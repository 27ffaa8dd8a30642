/** Labels and suffixes that Puggle's objects carry. */

export const MANAGED_BY_LABEL = "app.kubernetes.io/managed-by";
export const MANAGED_BY = "puggle";
/** On a member's pods: the service that they are a version of. The members' Service selects by it. */
export const SERVICE_LABEL = "puggle.dev/service";
/** On a member's pods and objects: its virtual cluster. */
export const VIRTUAL_CLUSTER_LABEL = "puggle.dev/virtual-cluster";
/** What subsets select. */
export const VERSION_LABEL = "version";

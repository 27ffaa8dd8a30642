/** The mesh file that `puggle init` writes: small, complete, and explained line by line. */
export const STARTER_MESH = `# yaml-language-server: $schema=node_modules/@puggle/model/mesh-file.schema.json
apiVersion: puggle.dev/v1alpha1
kind: Mesh

# The services of the shared cluster, each with its one default version: the baseline.
services:
  - name: web # the Kubernetes Service's name
    namespace: shop # "default" when left out
    hosts: [shop.example] # further host names that lead to it
    ports:
      - number: 80
        targetPort: 8080 # the container's port; the same number when left out
    selector: { app: web } # how the Service finds the baseline's pods; {app: <name>} when left out
  - name: cart
    namespace: shop
    ports: [{ number: 80, targetPort: 8080 }]

# Hosts outside the mesh that services call: the header is taken off what goes there.
externalHosts:
  - host: api.payments.example

# Each virtual cluster holds only the services that were changed. A request with the header
#   virtual-cluster-name: pr-42
# reaches these versions, and the baseline of every other service.
virtualClusters:
  - name: pr-42
    owner: ada
    description: A cart that remembers
    # expires: 2030-01-31T18:00:00Z
    members:
      - service: cart
        image: registry.example/shop/cart:pr-42
        env: { LOG_LEVEL: debug }
`;

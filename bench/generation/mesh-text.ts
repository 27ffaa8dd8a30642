/** A mesh file of so many services, as many virtual clusters, and ten members in each, spread evenly: the text that a platform team would keep. */
export function writeMeshText(size: number): string {
  const services = range(size).map(
    (index) => `  - { name: service-${index}, namespace: team-${index % 50}, ports: [{ number: 80, targetPort: 8080 }] }`,
  );
  const virtualClusters = range(size).map((index) => {
    const members = range(Math.min(10, size)).map((member) => {
      const service = (index + member * Math.max(1, Math.floor(size / 10))) % size;
      return `      - { service: team-${service % 50}/service-${service}, image: "registry.example/service-${service}:pr-${index}" }`;
    });
    return `  - name: pr-${index}\n    owner: developer-${index}@example.com\n    members:\n${members.join("\n")}`;
  });
  return `apiVersion: puggle.dev/v1alpha1\nkind: Mesh\nservices:\n${services.join("\n")}\nvirtualClusters:\n${virtualClusters.join("\n")}\n`;
}

function range(length: number): readonly number[] {
  return Array.from({ length }, (_, index) => index);
}

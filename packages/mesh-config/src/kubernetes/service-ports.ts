import type { Port } from "@puggle/model";

/** The ports of a Service. Kubernetes asks for names where there are several. */
export function servicePorts(ports: readonly Port[]): readonly object[] {
  return ports.map((port) => ({
    name: port.name ?? (ports.length > 1 ? `${port.protocol}-${port.number}` : port.protocol),
    port: port.number,
    targetPort: port.targetPort ?? port.number,
    appProtocol: port.protocol,
  }));
}

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePorts } from "@puggle/local-envoy";
import { Agent, request } from "undici";
import type { ApiAccess } from "./api.ts";
import { type Daemon, startDaemon } from "./daemon.ts";

/** Where Services get their addresses from. */
const SERVICE_RANGE = "10.96.0.0/16";

export interface ApiServer extends Daemon {
  readonly access: ApiAccess;
  /** A kubeconfig of somebody who may do everything. */
  readonly kubeconfigPath: string;
  /** The key that signs the tokens of service accounts. */
  readonly serviceAccountKeyPath: string;
}

/** A Kubernetes API server on loopback, with RBAC and a certificate of its own making. */
export async function startApiServer(binary: string, etcdUrl: string, folder: string): Promise<ApiServer> {
  const certificates = join(folder, "certificates");
  await mkdir(certificates, { recursive: true });
  const serviceAccountKeyPath = join(folder, "service-account.key");
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  await writeFile(serviceAccountKeyPath, privateKey.export({ type: "pkcs1", format: "pem" }), { mode: 0o600 });
  const token = randomBytes(16).toString("hex");
  const tokensPath = join(folder, "tokens.csv");
  await writeFile(tokensPath, `${token},admin,admin,system:masters\n`, { mode: 0o600 });
  const [port] = await freePorts(1);
  const url = `https://127.0.0.1:${port}`;
  const certificatePath = join(certificates, "apiserver.crt");
  const daemon = await startDaemon({
    name: "kube-apiserver",
    command: binary,
    arguments: [
      ...["--etcd-servers", etcdUrl, "--secure-port", `${port}`, "--bind-address", "127.0.0.1", "--cert-dir", certificates],
      ...["--service-account-key-file", serviceAccountKeyPath, "--service-account-signing-key-file", serviceAccountKeyPath],
      ...["--service-account-issuer", "https://kubernetes.default.svc", "--token-auth-file", tokensPath],
      ...["--authorization-mode", "RBAC", "--service-cluster-ip-range", SERVICE_RANGE, "--allow-privileged=true"],
      ...["--endpoint-reconciler-type", "none", "--disable-admission-plugins", "ServiceAccount"],
      // What is read in bursts by these tests is not to be told to wait.
      ...["--max-requests-inflight", "2000", "--max-mutating-requests-inflight", "1000"],
    ],
    folder,
    isReady: () => isReady(url, token, certificatePath),
  });
  const kubeconfigPath = join(folder, "kubeconfig.yaml");
  const access = { url, token, certificate: await readFile(certificatePath, "utf8") };
  await writeFile(kubeconfigPath, kubeconfig(access), { mode: 0o600 });
  return { ...daemon, access, kubeconfigPath, serviceAccountKeyPath };
}

async function isReady(url: string, token: string, certificatePath: string): Promise<boolean> {
  const dispatcher = new Agent({ connect: { ca: await readFile(certificatePath, "utf8") } });
  try {
    const { statusCode, body } = await request(`${url}/readyz`, { dispatcher, headers: { authorization: `Bearer ${token}` } });
    await body.dump();
    return statusCode === 200;
  } finally {
    await dispatcher.destroy();
  }
}

function kubeconfig({ url, token, certificate }: ApiAccess): string {
  const name = "puggle-test";
  const cluster = { server: url, "certificate-authority-data": Buffer.from(certificate).toString("base64") };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  });
}

import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const DAYS = "2";

/** In PEM. */
interface Certificate {
  readonly chain: string;
  readonly key: string;
}

/** A certificate authority of one cluster's, which says who a workload is. */
export interface Authority {
  /** Its own certificate, in PEM. */
  readonly root: string;
  /** The certificate of an identity such as `spiffe://cluster.local/ns/shop/sa/default`; the same one each time. */
  readonly certify: (identity: string) => Promise<Certificate>;
}

/** Makes an authority, whose keys are in the folder. */
export async function makeAuthority(folder: string): Promise<Authority> {
  const [rootPath, rootKeyPath] = [join(folder, "mesh-root.pem"), join(folder, "mesh-root-key.pem")];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await run("openssl", ["req", "-x509", ...key, "-days", DAYS, "-subj", "/O=mesh", "-keyout", rootKeyPath, "-out", rootPath]);
  let serial = 0;
  const known = new Map<string, Promise<Certificate>>();
  const sign = async (identity: string): Promise<Certificate> => {
    serial += 1;
    const base = join(folder, identity.replaceAll(/[^a-z0-9]/gi, "-"));
    const paths = { key: `${base}-key.pem`, request: `${base}.csr`, extensions: `${base}.ext`, chain: `${base}.pem` };
    await writeFile(
      paths.extensions,
      `subjectAltName=critical,URI:${identity}\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n`,
    );
    await run("openssl", ["req", "-new", ...key, "-subj", "/", "-keyout", paths.key, "-out", paths.request]);
    const signing = ["-CA", rootPath, "-CAkey", rootKeyPath, "-set_serial", `${serial}`, "-days", DAYS, "-extfile", paths.extensions];
    await run("openssl", ["x509", "-req", "-in", paths.request, ...signing, "-out", paths.chain]);
    return { chain: await readFile(paths.chain, "utf8"), key: await readFile(paths.key, "utf8") };
  };
  return {
    root: await readFile(rootPath, "utf8"),
    certify: (identity) => {
      const certificate = known.get(identity) ?? sign(identity);
      known.set(identity, certificate);
      certificate.catch(() => known.delete(identity));
      return certificate;
    },
  };
}

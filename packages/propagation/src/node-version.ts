/** The first release with all that the hooks need: `process.getBuiltinModule`, and `require` of what `import` gives. */
const OLDEST = [20, 19] as const;

let hasWarned = false;

/** Does this release of Node.js have all that the library needs? */
export function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** One line in the log: a service that can not carry the name breaks the chain, and somebody has to know. */
export function warnOfOldNode(): void {
  if (hasWarned) return;
  hasWarned = true;
  // Not a process warning: Node adds a second line to the first of those.
  console.error(
    `@puggle/propagation needs Node.js ${OLDEST.join(".")} or later, and this is ${process.version}: virtual-cluster-name is not passed on`,
  );
}

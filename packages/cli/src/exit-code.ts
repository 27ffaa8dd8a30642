/** What a finished command says to the shell. Scripts rely on these numbers: they stay. */
export const EXIT_CODES = {
  /** It did what was asked. */
  good: 0,
  /** The answer is no: `--check` found a difference. */
  no: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** A mesh file, manifest or network spec is wrong. */
  badInput: 3,
  /** The result can not be written where it belongs. */
  canNotWrite: 4,
  /** The network namespace is not there, or can not be emulated in as asked. */
  canNotEmulate: 5,
  /** A defect of Puggle. */
  internal: 70,
  /** A signal ended it, and 128 and the signal's number is what shells say of that: SIGHUP. */
  hungUp: 129,
  /** SIGINT. */
  interrupted: 130,
  /** SIGTERM. */
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

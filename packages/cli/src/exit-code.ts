/** What a finished command says to the shell. Scripts rely on these numbers: they stay. */
export const EXIT_CODES = {
  /** It did what was asked. */
  good: 0,
  /** The answer is no: `--check` found a difference. */
  no: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** A mesh file or manifest is wrong. */
  badInput: 3,
  /** The result can not be written where it belongs. */
  canNotWrite: 4,
  /** A defect of Puggle. */
  internal: 70,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** What a kernel is started with. */
export interface KernelParts {
  /** Path of the user-mode kernel. */
  readonly linux: string;
  /** Path of the library that lets it run on this CPU; `undefined` where it needs none. */
  readonly ptraceShim: string | undefined;
}

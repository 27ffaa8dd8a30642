/** How long a client may take for what is not to take long: generous, for machines that have much else to do. */
const TIME_MS = 10_000;

/** Something did not come in time. */
export class LateError extends Error {
  override readonly name = "LateError";
}

/** @throws {LateError} with `complaint`, where the work does not end in time. */
export async function inTime<T>(complaint: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LateError(`${complaint} within ${TIME_MS} ms`)), TIME_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

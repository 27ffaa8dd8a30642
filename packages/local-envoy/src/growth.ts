/**
 * Calls `onGrowth` with what `measure` answers (bytes), asked every `everyMs`, where it is more than was told before. A look that ends after a later
 * one, or finds files that were just moved away, tells nothing; nor does any once the function that is answered was called, which ends it.
 */
export function followGrowth(measure: () => Promise<number>, onGrowth: (bytes: number) => void, everyMs: number): () => void {
  let told = 0;
  let isOver = false;
  const timer = setInterval(async () => {
    const bytes = await measure();
    if (isOver || bytes <= told) return;
    told = bytes;
    onGrowth(bytes);
  }, everyMs);
  return () => {
    isOver = true;
    clearInterval(timer);
  };
}

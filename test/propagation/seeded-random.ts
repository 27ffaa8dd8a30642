/** A seed to repeat a run with: `PUGGLE_SEED`, or a new one. */
export function chooseSeed(): number {
  return Number(process.env.PUGGLE_SEED ?? Math.floor(Math.random() * 2 ** 31));
}

/** Numbers in [0, 1) that only depend on the seed (a linear congruential generator with the constants of Numerical Recipes). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

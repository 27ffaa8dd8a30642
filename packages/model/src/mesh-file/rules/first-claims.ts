/** Remembers who claimed a key first. */
export class FirstClaims<Holder> {
  readonly #holders = new Map<string, Holder>();

  /** Claims a key for a holder; the earlier holder, where there is one, keeps it and is returned. */
  claim(key: string, holder: Holder): Holder | undefined {
    const earlier = this.#holders.get(key);
    if (earlier === undefined) this.#holders.set(key, holder);
    return earlier;
  }
}

/**
 * What the code asked for since the last delivery (I2). Every delivered event carries the digest of it, so that code which asks for
 * something else, or in another order, is found at once, even where the answers would still fit.
 */

/**
 * The digest of a list of paths: 53 bits as 9 to 11 characters of base 36, so two different programs meet once in 10^15. It is no
 * protection against anybody, and is computed at every event, so it is not a cryptographic one.
 * Source: cyrb53 by bryc, public domain: two 32-bit multiplicative hashes, mixed.
 */
export function askedDigest(paths: readonly string[]): string {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (const path of paths) {
    for (let index = 0; index < path.length; index++) {
      const char = path.charCodeAt(index);
      high = Math.imul(high ^ char, 2654435761);
      low = Math.imul(low ^ char, 1597334677);
    }
    // Where one path ends and the next begins is part of the list.
    high = Math.imul(high ^ 0x1ffff, 2654435761);
    low = Math.imul(low ^ 0x1ffff, 1597334677);
  }
  const a = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  const b = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36);
}

export class Asked {
  #labels: string[] = [];
  #paths: string[] = [];

  add(path: string, label: string): void {
    this.#paths.push(path);
    this.#labels.push(label);
  }

  /** Undefined when nothing was asked for. */
  digest(): string | undefined {
    return this.#paths.length === 0 ? undefined : askedDigest(this.#paths);
  }

  /** For people. */
  describe(): string {
    if (this.#labels.length === 0) return "nothing more";
    const shown = this.#labels.slice(0, 5).join(", ");
    return this.#labels.length > 5 ? `${shown} and ${this.#labels.length - 5} more` : shown;
  }

  clear(): void {
    if (this.#paths.length === 0) return;
    this.#labels = [];
    this.#paths = [];
  }
}

/**
 * What the code asked for since the last delivery (I2). Every delivered event carries the digest of it, so that code which asks for
 * something else, or in another order, is found at once, even where the answers would still fit.
 */

const SEEDS = { high: 0xdeadbeef, low: 0x41c6ce57 };

/**
 * The digest of a list of paths: 53 bits as 9 to 11 characters of base 36, so two different programs meet once in 10^15. It is no
 * protection against anybody, and is computed at every event, so it is not a cryptographic one. It grows with the list: asking for it
 * costs the same however long the list is.
 * Source: cyrb53 by bryc, public domain: two 32-bit multiplicative hashes, mixed.
 */
class PathDigest {
  #high = SEEDS.high;
  #low = SEEDS.low;

  clear(): void {
    this.#high = SEEDS.high;
    this.#low = SEEDS.low;
  }

  add(path: string): void {
    let high = this.#high;
    let low = this.#low;
    for (let index = 0; index < path.length; index++) {
      const char = path.charCodeAt(index);
      high = Math.imul(high ^ char, 2654435761);
      low = Math.imul(low ^ char, 1597334677);
    }
    // Where one path ends and the next begins is part of the list.
    this.#high = Math.imul(high ^ 0x1ffff, 2654435761);
    this.#low = Math.imul(low ^ 0x1ffff, 1597334677);
  }

  text(): string {
    return this.number().toString(36);
  }

  number(): number {
    const [high, low] = [this.#high, this.#low];
    const a = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
    const b = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
    return 4294967296 * (2097151 & b) + (a >>> 0);
  }
}

export function askedDigest(paths: readonly string[]): string {
  const digest = new PathDigest();
  for (const path of paths) digest.add(path);
  return digest.text();
}

/** How many requests are remembered in words, for the message of an error. */
const MOST_SHOWN = 5;

export class Asked {
  #count = 0;
  #labels: string[] = [];
  readonly #digest = new PathDigest();

  add(path: string, label: string): void {
    this.#count += 1;
    if (this.#labels.length < MOST_SHOWN) this.#labels.push(label);
    this.#digest.add(path);
  }

  /** Undefined when nothing was asked for. */
  digest(): string | undefined {
    return this.#count === 0 ? undefined : this.#digest.text();
  }

  /** Whether `recorded` is the digest. Read instead of written out, which costs a tenth: a replay does it at every event. */
  is(recorded: string | undefined): boolean {
    if (recorded === undefined || this.#count === 0) return recorded === undefined && this.#count === 0;
    return numberOf(recorded) === this.#digest.number();
  }

  /** For people. */
  describe(): string {
    if (this.#count === 0) return "nothing more";
    const shown = this.#labels.join(", ");
    return this.#count > MOST_SHOWN ? `${shown} and ${this.#count - MOST_SHOWN} more` : shown;
  }

  clear(): void {
    if (this.#count === 0) return;
    this.#count = 0;
    this.#labels = [];
    this.#digest.clear();
  }
}

/** Of base 36 in small letters; NaN for anything else. */
function numberOf(digest: string): number {
  let number = digest === "" ? Number.NaN : 0;
  for (let index = 0; index < digest.length; index++) {
    const code = digest.charCodeAt(index);
    if (code >= 48 && code <= 57) number = number * 36 + code - 48;
    else if (code >= 97 && code <= 122) number = number * 36 + code - 87;
    else return Number.NaN;
  }
  return number;
}

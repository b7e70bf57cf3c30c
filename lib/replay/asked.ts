/**
 * What the code asked for since the last delivery (I2). Every delivered event carries the digest of it, so that code which asks for
 * something else, or in another order, is found at once, even where the answers would still fit.
 */
import { digest } from "../model/ids.js";

export class Asked {
  #labels: string[] = [];
  #paths: string[] = [];

  add(path: string, label: string): void {
    this.#paths.push(path);
    this.#labels.push(label);
  }

  /** Undefined when nothing was asked for. 8 characters are 48 bits: two different programs meet once in 10^14. */
  digest(): string | undefined {
    return this.#paths.length === 0 ? undefined : digest(this.#paths.join("\n"), 8);
  }

  /** For people. */
  describe(): string {
    if (this.#labels.length === 0) return "nothing more";
    const shown = this.#labels.slice(0, 5).join(", ");
    return this.#labels.length > 5 ? `${shown} and ${this.#labels.length - 5} more` : shown;
  }

  clear(): void {
    this.#labels = [];
    this.#paths = [];
  }
}

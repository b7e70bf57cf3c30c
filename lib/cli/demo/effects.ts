/** What the steps' bodies did, from what the functions' processes printed: the only witness that is not Holdfast itself. */
import type { LogLine } from "../../local/notices.js";

export interface Effect {
  /** Such as `inventory.reserve`. */
  readonly effect: string;
  readonly executionId: string;
  readonly attempt: number;
  readonly pid: number;
  /** Why the stand-in refused, if it did. */
  readonly failed?: string;
  /** When the line came, in ms since 1970. */
  readonly at: number;
}

export class Effects {
  readonly #seen: Effect[] = [];
  /** Called with each effect as it comes. */
  onEffect: (effect: Effect) => void = () => {};

  /** @returns whether the line was one of ours */
  hear({ text }: LogLine): boolean {
    const effect = readEffect(text);
    if (effect === undefined) return false;
    this.#seen.push(effect);
    this.onEffect(effect);
    return true;
  }

  /** In the order in which they came. */
  of(executionId: string, name?: string): readonly Effect[] {
    return this.#seen.filter(
      (one) => one.executionId === executionId && (name === undefined || one.effect === name),
    );
  }
}

function readEffect(text: string): Effect | undefined {
  if (!text.startsWith('{"effect"')) return undefined;
  try {
    const { effect, executionId, attempt, pid, failed }: Record<string, unknown> = JSON.parse(text);
    if (typeof effect !== "string" || typeof executionId !== "string") return undefined;
    if (typeof attempt !== "number" || typeof pid !== "number") return undefined;
    return {
      effect,
      executionId,
      attempt,
      pid,
      ...(typeof failed === "string" ? { failed } : {}),
      at: Date.now(),
    };
  } catch {
    return undefined;
  }
}

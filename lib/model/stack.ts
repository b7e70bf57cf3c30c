/**
 * What is kept of an error's stack. History is paid for by the kilobyte, and a whole stack of a bundled function is one: so of each error
 * (of each cause, too) the frames are kept that lie nearest to where it was thrown, without those of Node itself. The words before the
 * frames are not stored a second time: they are the error's name and message.
 */

/** At most so many frames are kept. */
export const MOST_STACK_FRAMES = 6;

/** And at most so many characters of them, by whole lines; of a stack that has no frames, its first characters. */
export const MOST_STACK_CHARACTERS = 600;

/** A stack in the form in which it is stored. */
export interface KeptStack {
  /** What stands before the message, where that is not `name: `. */
  readonly head?: string;
  /** What stands after the message: the frames, each on a line of its own. */
  readonly frames: string;
}

/** Undefined for a stack that does not begin with the message: somebody has made it by hand. */
export function keptStack(name: string, message: string, stack: string): KeptStack | undefined {
  const at = stack.search(/(?:^|\n) *at /);
  const words = at < 0 ? stack : stack.slice(0, at);
  if (!words.endsWith(message)) return undefined;
  const head = words.slice(0, words.length - message.length);
  const frames = at < 0 ? "" : framesOf(stack.slice(at));
  return head === headOf(name, message) ? { frames } : { head, frames };
}

/** The stack that a kept one stands for. */
export function stackOf(name: string, message: string, { head, frames }: KeptStack): string {
  return `${head ?? headOf(name, message)}${message}${frames}`;
}

function headOf(name: string, message: string): string {
  return message === "" ? name : `${name}: `;
}

function framesOf(lines: string): string {
  let kept = "";
  let frames = 0;
  for (const line of lines.split("\n")) {
    if (line === "" || /\bnode:internal\//.test(line)) continue;
    if (frames === MOST_STACK_FRAMES || kept.length + line.length + 1 > MOST_STACK_CHARACTERS) break;
    kept += `\n${line}`;
    frames += 1;
  }
  return kept;
}

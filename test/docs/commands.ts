/** The commands that a page shows anywhere, in a form in which they can be run. */
import { commandsOf } from "./command-lines.js";

/** All that begins with `npx holdfast`, in blocks of code and between backticks; comments left out. */
export function commandsIn(markdown: string): string[][] {
  const blocks = [...markdown.matchAll(/^```sh[^\n]*\n(.*?)^```/gms)].flatMap(([, block = ""]) =>
    block.split("\n"),
  );
  const inline = [...markdown.replaceAll(/^```.*?^```/gms, "").matchAll(/`(npx holdfast [^`]+)`/g)];
  return [...blocks, ...inline.map(([, command = ""]) => command)].flatMap((line) => {
    const [, rest] = /^npx holdfast (.*)$/.exec(line.trim()) ?? [];
    return rest === undefined ? [] : [wordsOf(rest)];
  });
}

/** The words of a line's first command, with something in the places of `<placeholders>`. */
export function wordsOf(line: string): string[] {
  const [first = []] = commandsOf(line);
  return first.map((word) => word.replace(/^<([a-z]+)>$/, (_, name: string) => STAND_INS[name] ?? name));
}

/** What stands for what only the reader knows. */
const STAND_INS: Readonly<Record<string, string>> = {
  id: "o-1",
  child: "o-1/child",
  step: "reserve",
  commit: "o-1/3",
};

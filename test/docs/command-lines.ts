/** The commands that a shell block of the documents shows, as far as the tests need to understand a shell. Nothing is run. */
import type { Block } from "./pages.js";

/** What ends a command. */
const ENDS = /^(\n|&&|\|\||[|&;(){}])/;

/** In the order in which they are tried: what is a word's part, and what it adds to the word. */
const PARTS: readonly (readonly [RegExp, (found: RegExpExecArray) => string])[] = [
  [/^'([^']*)'/, ([, inner = ""]) => inner],
  [
    /^"((?:[^"\\]|\\[\s\S])*)"/,
    ([, inner = ""]) =>
      inner.replace(/\\(.)/g, "$1").replace(/\$\(([^)]*)\)/g, (_, command) => given(command)),
  ],
  [/^\$\(([^)]*)\)/, ([, command = ""]) => given(command)],
  [/^\$\{[^}]*\}/, () => "substituted"],
  // What the reader puts in: <id>, <id…>.
  [/^<[^<>\s]+>/, ([whole]) => whole],
  [/^[^\s|&;(){}<>'"]/, ([whole]) => whole],
];

/** The words of each simple command, in order: of pipes and lists each part, and what stands in `$( … )` too. */
export function commandsIn({ text }: Block): string[][] {
  const inner = [...text.matchAll(/\$\(([^()]*)\)/g)].flatMap(([, command = ""]) => commandsOf(command));
  return [...commandsOf(withoutHereDocuments(text)), ...inner];
}

export function commandsOf(text: string): string[][] {
  const commands: string[][] = [];
  let words: string[] = [];
  let word: string | undefined;
  let rest = text.replace(/\\\n\s*/g, " ");
  const endWord = (): void => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  while (rest !== "") {
    const blank = /^[ \t]+/.exec(rest) ?? (word === undefined ? /^#[^\n]*/.exec(rest) : null);
    const end = ENDS.exec(rest);
    const redirection = /^\d?[<>]+[ \t]*[^\s;|&)]+/.exec(rest);
    const part = PARTS.map(([pattern, added]) => ({ found: pattern.exec(rest), added })).find(
      ({ found }) => found,
    );
    if (blank !== null) endWord();
    else if (end !== null) {
      endWord();
      if (words.length > 0) commands.push(words);
      words = [];
    } else if (part?.found) word = (word ?? "") + part.added(part.found);
    else if (redirection !== null) endWord();
    else throw new Error(`This is no command line that the tests can read: ${rest.split("\n")[0]}`);
    rest = rest.slice((blank ?? end ?? part?.found ?? redirection)?.[0].length);
  }
  endWord();
  return words.length === 0 ? commands : [...commands, words];
}

function withoutHereDocuments(text: string): string {
  return text.replace(/<<'?(\w+)'?([^\n]*)\n[\s\S]*?\n\1$/gm, "$2");
}

/** What a substitution gives: a time, or what nobody knows here. */
function given(command: string): string {
  return command.startsWith("date ") ? "2026-11-23T15:00:00Z" : "substituted";
}

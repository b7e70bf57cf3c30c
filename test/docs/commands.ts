/** Command lines in documents: what a reader would type, as the shell hands it on. */

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

/** As a shell would split it: quotes, a comment, a file that takes the output, `<placeholders>`, and the one substitution that documents use. */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  const told = line
    .replaceAll("$(date -u +%FT%TZ)", "2026-11-23T15:00:00Z")
    .replaceAll(/<([a-z]+)>/g, (_, name: string) => STAND_INS[name] ?? name);
  for (const [word, double, single] of told.matchAll(/"([^"]*)"|'([^']*)'|[^\s"']+/g)) {
    if (word.startsWith("#") || word === ">") break;
    words.push(double ?? single ?? word);
  }
  return words;
}

/** What stands for what only the reader knows. */
const STAND_INS: Readonly<Record<string, string>> = {
  id: "o-1",
  child: "o-1/child",
  step: "reserve",
  commit: "o-1/3",
};

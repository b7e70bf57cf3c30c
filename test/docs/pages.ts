/** The documents as tests see them: README.md and all of docs/, their code blocks and their headings. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

export const project = resolve(import.meta.dirname, "../..");

/** Made from the code, and held to it by a test of its own. */
const GENERATED = "docs/reference/";

export interface Block {
  /** What stands behind the three backticks: `ts`, `sh`, `sh aws`. */
  readonly language: string;
  readonly text: string;
  /** Of its first line, in the document. From 1. */
  readonly line: number;
  readonly document: string;
  /** The file that its first line says it is: `// workflows/app.ts`. */
  readonly name?: string;
  /** What the comment just above it says that is to be done with it, one instruction each: `<!-- run: start order "tea" -->`. */
  readonly run?: readonly string[];
}

export function textOf(document: string): string {
  return readFileSync(join(project, document), "utf8");
}

/** Paths from the project on, the generated ones too. */
export function everyDocument(): string[] {
  const pages = readdirSync(join(project, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name));
  return ["README.md", ...pages.toSorted()];
}

export function writtenDocuments(): string[] {
  return everyDocument().filter((document) => !document.startsWith(GENERATED));
}

export function blocksOf(document: string): Block[] {
  const lines = textOf(document).split("\n");
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at++) {
    const language = /^```(\S.*)$/.exec(lines[at] ?? "")?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf("```", at);
    if (end === -1) throw new Error(`${document}:${at + 1} begins a block that does not end.`);
    const text = lines.slice(at + 1, end).join("\n");
    const name = /^\/\/ (\S+\.ts)$/m.exec(lines[at + 1] ?? "")?.[1];
    const run = instructionsAbove(lines, at);
    blocks.push({
      language,
      text,
      line: at + 2,
      document,
      ...(name === undefined ? {} : { name }),
      ...(run === undefined ? {} : { run }),
    });
    at = end;
  }
  return blocks;
}

/** Where a block is compiled: beside the tests, so that packages are found where the project has them. Nothing is written there. */
export function fileOf({ document, name, line }: Block): string {
  const directory = document.replace(/\.md$/, "").replaceAll("/", "-");
  return join(import.meta.dirname, "blocks", basename(directory), name ?? `block-${line - 1}.ts`);
}

/** Where somebody who reads a failure finds it. */
export function placeOf({ document, line }: Block): string {
  return `${document}:${line}`;
}

function instructionsAbove(lines: readonly string[], fence: number): string[] | undefined {
  if (!lines[fence - 1]?.endsWith("-->")) return undefined;
  let first = fence - 1;
  while (first > 0 && !lines[first]?.startsWith("<!--")) first--;
  const comment = lines.slice(first, fence).join("\n");
  const said = /^<!-- run:([\s\S]*)-->$/.exec(comment)?.[1];
  return said
    ?.split(/\n|; /)
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

/** The anchors that GitHub gives a page's headings. */
export function anchorsOf(document: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  let inBlock = false;
  for (const line of textOf(document).split("\n")) {
    if (line.startsWith("```")) inBlock = !inBlock;
    const heading = inBlock ? undefined : /^#{1,6} (.*)$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replace(/\s/g, "-");
    let anchor = slug;
    for (let again = 1; anchors.has(anchor); again++) anchor = `${slug}-${again}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Links and anchors lead somewhere, and every page is in the index. */
import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, it } from "vitest";
import { anchorsOf, blocksOf, everyDocument, project, textOf } from "./pages.js";

interface Link {
  readonly document: string;
  readonly target: string;
  /** From the project on, without its anchor. */
  readonly file: string;
  readonly anchor?: string;
}

/** Those to this project's own files. */
function linksOf(document: string): Link[] {
  const prose = blocksOf(document).reduce((text, block) => text.replace(block.text, ""), textOf(document));
  return [...prose.replace(/`[^`\n]*`/g, "").matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) => {
    if (/^https?:/.test(target)) return [];
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? document : normalize(join(dirname(document), path));
    return [{ document, target, file, ...(anchor === undefined ? {} : { anchor }) }];
  });
}

const links = everyDocument().flatMap(linksOf);

it("links lead to files that are there", () => {
  expect(links.length).toBeGreaterThan(100);
  const dead = links.filter(({ file }) => !existsSync(join(project, file)));
  expect(dead.map(({ document, target }) => `${document}: ${target}`)).toEqual([]);
});

it("anchors lead to headings that are there", () => {
  const anchored = links.filter(
    ({ file, anchor }) => anchor !== undefined && file.endsWith(".md") && existsSync(join(project, file)),
  );
  expect(anchored.length).toBeGreaterThan(20);
  const dead = anchored.filter(({ file, anchor = "" }) => !anchorsOf(file).has(anchor));
  expect(dead.map(({ document, target }) => `${document}: ${target}`)).toEqual([]);
});

it("every page is in docs/README.md, or in the index of its folder, which is", () => {
  const listedIn = (index: string): Set<string> => new Set(linksOf(index).map(({ file }) => file));
  const listed = listedIn("docs/README.md");
  const unlisted = everyDocument().filter((page) => {
    if (page === "README.md" || page === "docs/README.md" || listed.has(page)) return false;
    const index = `${dirname(page)}/README.md`;
    return !listed.has(index) || !existsSync(join(project, index)) || !listedIn(index).has(page);
  });
  expect(unlisted).toEqual([]);
});

it("the README leads to the index", () => {
  expect(linksOf("README.md").map(({ file }) => file)).toContain("docs/README.md");
});

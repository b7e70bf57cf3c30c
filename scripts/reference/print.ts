/** The reference as Markdown: one page for each entry of the package. */
import type { Entry, Exported, Kind, Member, Tag } from "./read.js";

const GROUPS: readonly (readonly [Kind, string])[] = [
  ["function", "Functions"],
  ["class", "Classes"],
  ["interface", "Interfaces"],
  ["type", "Types"],
  ["constant", "Constants"],
];

/** `holdfast/pipeline/client` is described in `holdfast-pipeline-client.md`. */
export function pageOf(entry: string): string {
  return `${entry.replaceAll("/", "-")}.md`;
}

export function printIndex(entries: readonly Entry[]): string {
  const rows = entries.map(
    ({ name, doc }) => `| [\`${name}\`](${pageOf(name)}) | ${cell(doc.split("\n\n")[0] ?? "")} |`,
  );
  return `# Reference

What the package's entries export, with the docstrings of the code. These pages are made by \`npm run docs:reference\`; a test fails when they
are behind it. Where a guide is there, read that first: [the index of all pages](../README.md).

| Entry | |
|---|---|
${rows.join("\n")}
`;
}

export function printEntry({ name, doc, exported }: Entry): string {
  const groups = GROUPS.map(([kind, title]) => ({
    title,
    members: exported.filter((each) => each.kind === kind),
  })).filter(({ members }) => members.length > 0);
  const anchors = anchorsOf(groups.flatMap(({ members }) => members));
  const link = (member: Exported): string => `[\`${member.name}\`](#${anchors.get(member)})`;
  const contents = groups.map(({ title, members }) => `**${title}:** ${members.map(link).join(", ")}`);
  return `${[
    `# \`${name}\``,
    doc,
    "*Made from the code by `npm run docs:reference`.*",
    ...contents,
    ...groups.flatMap(({ title, members }) => [`## ${title}`, ...members.flatMap(printExported)]),
  ]
    .filter((part) => part !== "")
    .join("\n\n")}\n`;
}

/** Of headings that differ in their case alone (`app`, `App`), GitHub numbers the later ones. */
function anchorsOf(members: readonly Exported[]): ReadonlyMap<Exported, string> {
  const taken = new Map<string, number>();
  return new Map(
    members.map((member) => {
      const slug = member.name.toLowerCase();
      const before = taken.get(slug) ?? 0;
      taken.set(slug, before + 1);
      return [member, before === 0 ? slug : `${slug}-${before}`] as const;
    }),
  );
}

function printExported({ name, declaration, doc, tags, members }: Exported): string[] {
  return [
    `### ${name}`,
    block(declaration),
    plain(doc),
    ...printTags(tags),
    members.map(printMember).join("\n"),
  ].filter((part) => part !== "");
}

/** A member that is short is a line; a long signature has a block of its own. */
function printMember({ signature, doc, tags }: Member): string {
  const said = [plain(doc), ...printTags(tags)].filter((part) => part !== "").join("\n\n");
  if (signature.includes("\n")) {
    const rest = said === "" ? "" : `\n\n${indent(said)}`;
    return `- ${indent(block(signature)).trimStart()}${rest}`;
  }
  return `- \`${signature}\`${said === "" ? "" : `<br>\n${indent(said)}`}`;
}

const TITLES: Readonly<Record<string, string>> = {
  param: "Parameter",
  throws: "Throws",
  default: "Default:",
  defaultValue: "Default:",
  returns: "Gives",
};

function printTags(tags: readonly Tag[]): string[] {
  return tags.map(({ name, text }) => {
    const title = TITLES[name];
    if (title === undefined) throw new Error(`A docstring has @${name}, which the reference does not print.`);
    if (name !== "param") return `*${title}* ${plain(text)}`;
    const [parameter = "", ...words] = text.split(" ");
    return `*${title}* \`${parameter}\`: ${plain(words.join(" ").replace(/^- /, ""))}`;
  });
}

function block(text: string): string {
  return `\`\`\`typescript\n${text.trim()}\n\`\`\``;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}

/** What stands outside of `code` and would be read as HTML. */
function plain(text: string): string {
  return text.replace(/`[^`]*`|</g, (found) => (found === "<" ? "&lt;" : found));
}

function cell(text: string): string {
  return plain(text).replaceAll("|", "\\|");
}

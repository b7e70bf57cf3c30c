/**
 * `npm run bench`: what Holdfast costs and how fast it is, measured here. `--only key,key` takes some of the sections, `--quick` sees that
 * they run, `--peers` measures others beside it, `--json` prints one object on one line, and `--write` puts the tables into docs/performance.md. Progress goes to stderr.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { optionsOf } from "../setup/options.js";
import { asMarkdown, asText, withSection } from "./render.js";
import { runtimes } from "./runtime.js";
import type { Section } from "./section.js";
import { SECTIONS } from "./sections.js";

const PAGE = new URL("../../docs/performance.md", import.meta.url);

const values = optionsOf({
  only: { type: "string" },
  quick: { type: "boolean", default: false },
  peers: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  write: { type: "boolean", default: false },
});
const keys = SECTIONS.map(({ key }) => key);
const wanted = values.only?.split(",") ?? keys;
const unknown = wanted.filter((key) => !keys.includes(key));
if (unknown.length > 0) {
  console.error(`--only takes some of ${keys.join(", ")}; found "${unknown.join(", ")}".`);
  process.exit(2);
}
// The SDK's notice about this Node.js is for those who deploy on it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

const measured: Record<string, unknown> = {};
const nodes = runtimes((line) => console.error(line), !values.quick);
try {
  for (const section of SECTIONS.filter(({ key }) => wanted.includes(key))) await take(section);
} finally {
  await nodes.remove();
}
if (values.json) console.log(JSON.stringify(measured));

async function take<Figures>(section: Section<Figures>): Promise<void> {
  const tell = (line: string): void => console.error(`${section.key}: ${line}`);
  tell(section.title);
  const { quick, peers } = values;
  const figures = await section.measure({ quick, peers, runtime: nodes.deployed, tell });
  measured[section.key] = figures;
  const parts = section.report(figures);
  if (!values.json) console.log(`\n${section.title}\n${section.says}\n\n${asText(parts)}\n`);
  if (values.write) {
    writeFileSync(PAGE, withSection(readFileSync(PAGE, "utf8"), section.key, asMarkdown(parts)));
  }
}

/** `npm run docs:reference`: writes docs/reference anew. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { entriesOf, pagesOf, REFERENCE } from "./pages.js";

const project = resolve(import.meta.dirname, "../..");
const pages = pagesOf(entriesOf(project));
const directory = join(project, REFERENCE);
rmSync(directory, { recursive: true, force: true });
mkdirSync(directory, { recursive: true });
for (const [name, text] of pages) writeFileSync(join(directory, name), text);
console.log(`${pages.size} pages in ${REFERENCE}`);

import { writeFileSync, mkdirSync, rmSync, statSync, readdirSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { buildSync } from "esbuild";
import { packageAliases, packageRoot } from "../../lib/cdk/package-files.js";
const banner = ['import { createRequire as holdfastCreateRequire } from "node:module";', "const require = holdfastCreateRequire(import.meta.url);"].join("\n");
const opt: any = { bundle: true, platform: "node", format: "esm", target: "node20", keepNames: true, mainFields: ["module", "main"], minify: true, metafile: true, alias: packageAliases(), banner: { js: banner } };
const trivial = `import { app, workflow } from "holdfast"; const a = app({ workflows: [workflow("w", async (ctx) => ctx.step("s", () => 1))] });`;
const worker = trivial + `import { createWorker } from ${JSON.stringify(packageRoot() + "/functions/worker")}; export const handler = createWorker(a);`;
const bare = `import { DynamoDBClient } from "@aws-sdk/client-dynamodb"; import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb"; const d = DynamoDBDocumentClient.from(new DynamoDBClient({})); export const handler = async () => [d].length;`;
const bare0 = `import { DynamoDBClient } from "@aws-sdk/client-dynamodb"; import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb"; export const handler = async () => [DynamoDBClient, DynamoDBDocumentClient].length;`;
const build = (n: string, c: string, extra: any) => { const dir = `/tmp/cold/${n}`; rmSync(dir, { recursive: true, force: true }); mkdirSync(dir, { recursive: true }); const r: any = buildSync({ ...opt, outdir: dir, outExtension: { ".js": ".mjs" }, entryNames: "index", stdin: { contents: c, resolveDir: packageRoot(), sourcefile: "holdfast-entry.js", loader: "js" }, ...extra }); console.log(n, readdirSync(dir).length, "files, index", statSync(dir + "/index.mjs").size, "all", readdirSync(dir).reduce((s, f) => s + statSync(dir + "/" + f).size, 0)); return r; };
build("w1", worker, {}); const r = build("w2", worker, { splitting: true }); build("w3", worker, { splitting: true, keepNames: false });
build("b1", bare, {}); build("b2", bare, { splitting: true }); build("b3", bare0, { splitting: true });
for (const [f, o] of Object.entries<any>(r.metafile.outputs).sort((a: any, b: any) => b[1].bytes - a[1].bytes).slice(0, 14)) console.log(f.split("/").pop(), o.bytes, Object.entries<any>(o.inputs).sort((a, b) => b[1].bytesInOutput - a[1].bytesInOutput).slice(0, 3).map(([k]) => k.replace("node_modules/", "")).join(" "));
const res: any = {};
const names = ["w1", "w2", "w3", "b1", "b2", "b3"];
for (let i = 0; i < 15; i++) for (const n of names) {
  const o = execFileSync("node", ["-e", `const c=process.cpuUsage(),t=performance.now();import("/tmp/cold/${n}/index.mjs").then(()=>{const u=process.cpuUsage(c);console.log(JSON.stringify([performance.now()-t,(u.user+u.system)/1000]))})`], { stdio: ["ignore", "pipe", "ignore"], env: { ...process.env, AWS_REGION: "us-east-1", HOLDFAST_SERVICE: "x" } }).toString();
  (res[n] ??= []).push(JSON.parse(o));
}
for (const [n, r] of Object.entries<any>(res)) { const m = (k: number) => r.map((x: any) => x[k]).sort((a: number, b: number) => a - b); console.log(n.padEnd(8), "wall med", m(0)[7].toFixed(1), "min", m(0)[0].toFixed(1), "cpu med", m(1)[7].toFixed(1), "min", m(1)[0].toFixed(1)); }

import { buildSync } from "esbuild";
import { appEntry, serviceEntry, bundleHandler } from "../../lib/cdk/bundle.js";
import { packageAliases, packageRoot } from "../../lib/cdk/package-files.js";
const opt: any = { bundle: true, platform: "node", format: "esm", target: "node20", keepNames: true, mainFields: ["module", "main"], write: false, minify: true, metafile: true, external: ["@aws-sdk/*", "@smithy/*"], alias: packageAliases(), outfile: "x.mjs" };
const size = (contents: string, extra: any = {}) => { const r: any = buildSync({ ...opt, ...extra, stdin: { contents, resolveDir: packageRoot(), sourcefile: "e.js", loader: "js" } }); return r; };
const trivial = `import { app, workflow } from "holdfast"; const a = app({ workflows: [workflow("w", async (ctx) => ctx.step("s", () => 1))] });`;
const cases: Record<string, string> = {
  worker: trivial + `import { createWorker } from ${JSON.stringify(packageRoot() + "/functions/worker")}; export const handler = createWorker(a);`,
  start: trivial + `import { createStart } from ${JSON.stringify(packageRoot() + "/functions/start")}; export const handler = createStart(a);`,
  relay: serviceEntry("relay", "createRelay"), audit: serviceEntry("audit", "createAudit"),
  deliver: trivial + `import { createDeliver } from ${JSON.stringify(packageRoot() + "/functions/deliver")}; export const handler = createDeliver(a);`,
  runTurn: trivial + `export { runTurn } from ${JSON.stringify(packageRoot() + "/lib/runtime/turn/turn")};`,
  replay: trivial + `export { Replay } from ${JSON.stringify(packageRoot() + "/lib/replay/replay")};`,
};
for (const [k, c] of Object.entries(cases)) {
  const r = size(c); const r2 = size(c, { keepNames: false });
  console.log(k, r.outputFiles[0].contents.length, "without keepNames", r2.outputFiles[0].contents.length);
  if (k === "worker") { const ins = Object.values(r.metafile.outputs)[0] as any; const l = Object.entries(ins.inputs).map(([f, x]: any) => [x.bytesInOutput, f]).sort((a: any, b: any) => b[0] - a[0]); const by: any = {}; for (const [b, f] of l) { const d = f.includes("node_modules") ? f.split("node_modules/")[1].split("/").slice(0, 2).join("/") : f.split("/").slice(0, 3).join("/"); by[d] = (by[d] ?? 0) + b; } console.log(Object.entries(by).sort((a: any, b: any) => b[1] - a[1]).slice(0, 30)); console.log(l.slice(0, 40)); }
}
for (const [k, c] of Object.entries({ worker: cases.worker, relay: cases.relay, bare: `import { DynamoDBClient } from "@aws-sdk/client-dynamodb"; import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb"; import { SQSClient } from "@aws-sdk/client-sqs"; export const handler = async () => [DynamoDBClient, DynamoDBDocumentClient, SQSClient].length;` })) console.log("whole", k, bundleHandler(c!)[0]!.contents.length);

import { writeFileSync, mkdirSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { bundleHandler } from "../../lib/cdk/bundle.js";
import { packageRoot } from "../../lib/cdk/package-files.js";
mkdirSync("/tmp/cold", { recursive: true });
const trivial = `import { app, workflow } from "holdfast"; const a = app({ workflows: [workflow("w", async (ctx) => ctx.step("s", () => 1))] });`;
const w = (n: string, c: string) => writeFileSync(`/tmp/cold/${n}.mjs`, bundleHandler(c)[0]!.contents);
w("worker", trivial + `import { createWorker } from ${JSON.stringify(packageRoot() + "/functions/worker")}; export const handler = createWorker(a);`);
w("relay", `import { createRelay } from ${JSON.stringify(packageRoot() + "/functions/relay")}; export const handler = createRelay();`);
w("bare2", `import { DynamoDBClient } from "@aws-sdk/client-dynamodb"; import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb"; const d = DynamoDBDocumentClient.from(new DynamoDBClient({})); export const handler = async () => [d].length;`);
w("bare3", `import { DynamoDBClient } from "@aws-sdk/client-dynamodb"; import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb"; import { SQSClient } from "@aws-sdk/client-sqs"; const d = [DynamoDBDocumentClient.from(new DynamoDBClient({})), new SQSClient({})]; export const handler = async () => [d].length;`);
w("none", `export const handler = async () => 1;`);
const res: any = {};
for (let i = 0; i < 15; i++) for (const n of ["worker", "relay", "bare2", "bare3", "none"]) {
  const o = execFileSync("node", ["-e", `const c=process.cpuUsage(),t=performance.now();import("/tmp/cold/${n}.mjs").then(()=>{const u=process.cpuUsage(c);console.log(JSON.stringify([performance.now()-t,(u.user+u.system)/1000]))})`], { env: { ...process.env, AWS_REGION: "us-east-1", HOLDFAST_SERVICE: "x" } }).toString();
  (res[n] ??= []).push(JSON.parse(o));
}
for (const [n, r] of Object.entries<any>(res)) { const m = (k: number) => r.map((x: any) => x[k]).sort((a: number, b: number) => a - b); console.log(n.padEnd(8), "wall med", m(0)[7].toFixed(1), "min", m(0)[0].toFixed(1), "cpu med", m(1)[7].toFixed(1), "min", m(1)[0].toFixed(1)); }

/** The rules of cdk-nag, AwsSolutions and Serverless, on this repository's stacks and on the sample app. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { type App, Stack } from "aws-cdk-lib";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import { DurableFunctions } from "holdfast/cdk";
import { afterAll, describe, expect, it } from "vitest";
import { AudienceStack } from "../../infra/audience-stack.js";
import { addStacks } from "../../infra/stacks.js";
import { fixture } from "./fixtures/index.js";
import { temporaryApp } from "./support.js";

const project = resolve(import.meta.dirname, "../..");
const output = mkdtempSync(join(tmpdir(), "holdfast-sample-"));
afterAll(() => rmSync(output, { recursive: true, force: true }));

/** `rule: path`, for each finding that nobody has acknowledged. */
function findings(app: App): string[] {
  // What is acknowledged of wildcards is settled in the synthesis.
  app.synth();
  return [new AwsSolutionsChecks(app), new ServerlessChecks(app)]
    .flatMap((pack) => pack.validateScope(app).violations)
    .flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName}: ${constructPath}`),
    )
    .sort();
}

describe("the rules find", () => {
  it("nothing in the stacks of this repository that is not meant", () => {
    const app = temporaryApp();
    const { runtime } = addStacks(app);
    new AudienceStack(app, "HoldfastAudience", { durable: runtime.durable });
    expect(findings(app)).toEqual([]);
  }, 120_000);

  it("what is its owner's to decide, and what its owner added", () => {
    const app = temporaryApp();
    const stack = new Stack(app, "Shop");
    const { worker } = new DurableFunctions(stack, "Orders", { app: fixture("quiet-app") });
    new Bucket(stack, "Pictures").grantRead(worker);
    const found = findings(app);
    expect(found.filter((each) => each.includes("Tracing"))).toHaveLength(5);
    const rest = found.filter((each) => !/Tracing|\/Pictures\//.test(each));
    expect(rest).toEqual([
      expect.stringMatching(/^AwsSolutions-IAM5\[Action::s3:GetBucket\*\]: Shop\/Orders\/Worker\/Role/),
      expect.stringMatching(/^AwsSolutions-IAM5\[Action::s3:GetObject\*\]: Shop\/Orders\/Worker\/Role/),
      expect.stringMatching(/^AwsSolutions-IAM5\[Action::s3:List\*\]: Shop\/Orders\/Worker\/Role/),
      expect.stringMatching(/^AwsSolutions-IAM5\[Resource::<Pictures\w+\.Arn>\/\*\]: Shop\/Orders\/Worker/),
      "AwsSolutions-S1: Shop/Orders/Tables/Payloads/Resource",
    ]);
  }, 120_000);
});

describe("the sample app", () => {
  it("passes the same rules, which it runs itself, and shares no name between its two stages", async () => {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ["--import", import.meta.resolve("tsx"), "bin/shop.ts"],
      { cwd: join(project, "test/sample-app"), env: { ...process.env, CDK_OUTDIR: output } },
    );
    expect(stdout + stderr).toBe("");
    const report = readdirSync(output).filter((name) => name.endsWith(".template.json"));
    expect(report.sort()).toEqual([
      "ShopProduction.template.json",
      "ShopProductionData.template.json",
      "ShopStaging.template.json",
      "ShopStagingData.template.json",
    ]);
    const [staging, production] = ["Staging", "Production"].map((stage) => namesIn(`Shop${stage}`));
    expect(staging?.length).toBeGreaterThan(0);
    expect(staging?.filter((name) => production?.includes(name))).toEqual([]);
  }, 240_000);
});

/** Every name that a template of the sample gives. */
function namesIn(stack: string): string[] {
  const { Resources } = JSON.parse(readFileSync(join(output, `${stack}.template.json`), "utf8"));
  return Object.values<{ Properties?: Record<string, unknown> }>(Resources).flatMap(({ Properties = {} }) => {
    const name = Properties.Name;
    return typeof name === "string" ? [name] : [];
  });
}

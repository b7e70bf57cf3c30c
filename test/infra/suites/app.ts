/** The stacks that this repository deploys, with what `cdk.json` and the command line tell them. */

import { readFileSync } from "node:fs";
import { CfnResource, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { describe, expect, it, vi } from "vitest";
import { addStacks } from "../../../infra/stacks.js";
import { resource, statementsOf, temporaryApp } from "../support.js";

const cdkJson = JSON.parse(readFileSync(new URL("../../../cdk.json", import.meta.url), "utf8"));

function synthesize(context: Record<string, string> = {}) {
  const app = temporaryApp({ ...cdkJson.context, ...context });
  const { storage, runtime } = addStacks(app);
  return {
    app,
    storage,
    runtime,
    tables: Template.fromStack(storage),
    functions: Template.fromStack(runtime),
  };
}

describe("without settings", () => {
  const { app, storage, runtime, tables, functions } = synthesize();

  it("is two stacks, the tables apart from what is deployed daily", () => {
    expect([storage.stackName, runtime.stackName]).toEqual(["HoldfastStorage", "HoldfastRuntime"]);
    // The engine's two, and the accounts of the example's transfers.
    tables.resourceCountIs("AWS::DynamoDB::GlobalTable", 3);
    functions.resourceCountIs("AWS::DynamoDB::GlobalTable", 0);
    functions.resourceCountIs("AWS::Lambda::Function", 5);
  });

  it("tells where everything is, under names without a prefix", () => {
    const outputs = functions.toJSON().Outputs;
    expect(outputs.HoldfastService.Value).toBe("holdfast");
    expect(Object.keys(outputs)).toContain("HoldfastStartFunction");
  });

  it("lets those that run turns, and nobody else, write to the example's own table, whose name they know", () => {
    const may = ["Worker", "Start", "Deliver", "Relay", "Audit"].filter((name) =>
      statementsOf(functions, `Holdfast${name}Role`).some((statement) => /Accounts/.test(statement)),
    );
    expect(may).toEqual(["Worker", "Start"]);
    for (const name of may) {
      expect(statementsOf(functions, `Holdfast${name}Role`)).toContainEqual(
        expect.stringMatching(/^dynamodb:UpdateItem on Fn::ImportValue \S*Accounts\S*$/),
      );
      const { Environment } = resource(
        functions,
        "AWS::Lambda::Function",
        `Holdfast${name}Function`,
      ).Properties;
      expect(JSON.stringify(Environment.Variables.ACCOUNTS_TABLE)).toMatch(/HoldfastStorage:.*Accounts/);
    }
  });

  it("protects the tables", () => {
    const { Properties, DeletionPolicy } = resource(tables, "AWS::DynamoDB::GlobalTable", "TablesExecutions");
    expect(Properties.Replicas[0].DeletionProtectionEnabled).toBe(true);
    expect(DeletionPolicy).toBe("Retain");
  });

  it("is valid, by CDK's own rules, which end the synthesis on a finding", () => {
    expect(cdkJson.context["@aws-cdk/core:validateAgainstDefaultRules"]).toBe(true);
    expect(() => app.synth()).not.toThrow();
  });

  it("would not be synthesized with a property that CloudFormation does not know", () => {
    const faulty = temporaryApp(cdkJson.context);
    const stack = new Stack(faulty, "Faulty");
    new CfnResource(stack, "Queue", { type: "AWS::SQS::Queue", properties: { VisibilityTimeOut: 30 } });
    const written = vi.spyOn(console, "error").mockReturnValue();
    expect(() => faulty.synth()).toThrow();
    written.mockRestore();
  });
});

describe("with settings", () => {
  it("takes timeouts in seconds, the audit's interval in minutes", () => {
    const { functions } = synthesize({ workerTimeout: "5", wakeVisibilityMargin: "1", auditEvery: "1" });
    const worker = resource(functions, "AWS::Lambda::Function", "HoldfastWorkerFunction");
    expect(worker.Properties.Timeout).toBe(5);
    expect(resource(functions, "AWS::SQS::Queue", "HoldfastWakeQueue").Properties.VisibilityTimeout).toBe(6);
    const schedule = resource(functions, "AWS::Events::Rule", "HoldfastAuditSchedule");
    expect(schedule.Properties.ScheduleExpression).toBe("rate(1 minute)");
  });

  it("names stacks and service after the stage, and keeps the templates' names", () => {
    const { storage, runtime, functions } = synthesize({ stage: "test", service: "shop" });
    expect([storage.stackName, runtime.stackName]).toEqual(["test-HoldfastStorage", "test-HoldfastRuntime"]);
    expect(runtime.templateFile).toBe("HoldfastRuntime.template.json");
    expect(functions.toJSON().Outputs.HoldfastService.Value).toBe("shop-test");
  });

  it("lets the tables go, for development", () => {
    const { tables } = synthesize({ dev: "true" });
    const { Properties, DeletionPolicy } = resource(tables, "AWS::DynamoDB::GlobalTable", "TablesDirectory");
    expect(Properties.Replicas[0].DeletionProtectionEnabled).toBe(false);
    expect(DeletionPolicy).toBe("Delete");
  });

  it.each([
    ["workerTimeout", "5s", "a whole number above zero"],
    ["auditEvery", "0", "a whole number above zero"],
    ["dev", "yes", "true or false"],
  ])("refuses -c %s=%s", (name, value, expected) => {
    expect(() => synthesize({ [name]: value })).toThrow(
      `"${name}" cannot be used: expected ${expected}, found "${value}"`,
    );
  });
});

/** Synthesizes stacks for the tests of the infrastructure, and puts what comes out into words that can be compared. */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { DurableFunctions, type DurableFunctionsProps } from "holdfast/cdk";
import { vi } from "vitest";
import { fixture } from "./fixtures/index.js";

// A template takes a fraction of a second, and several of them half a minute where the machine has much else to do.
vi.setConfig({ testTimeout: 120_000 });

/** A CDK app whose output is gone when the tests are (`setup/temporary.ts`): each holds a copy of five bundles. */
export function temporaryApp(context: Record<string, unknown> = {}): App {
  return new App({ context, outdir: mkdtempSync(join(tmpdir(), "app-")) });
}

export interface Synthesized {
  readonly stack: Stack;
  readonly durable: DurableFunctions;
  readonly template: Template;
}

/** A stack `Shop` with one deployment, `Orders`, of the fixture app. */
export function synthesize(
  props: Partial<DurableFunctionsProps> = {},
  withDeployment?: (durable: DurableFunctions, stack: Stack) => void,
): Synthesized {
  const stack = new Stack(temporaryApp(), "Shop");
  const durable = new DurableFunctions(stack, "Orders", { app: fixture("app"), ...props });
  withDeployment?.(durable, stack);
  return { stack, durable, template: Template.fromStack(stack) };
}

/** As CDK's own assertions see it: any JSON, of which the tests say what it should be. */
type Resource = ReturnType<Template["findResources"]>[string];

/** All resources of a type, by their logical ids without the hash at the end. */
export function resources(template: Template, type: string): Record<string, Resource> {
  const found = Object.entries(template.findResources(type));
  return Object.fromEntries(found.map(([id, resource]) => [readable(id), resource]));
}

/** The one resource of that type and name. */
export function resource(template: Template, type: string, name: string): Resource {
  const all = resources(template, type);
  const found = all[name];
  if (found === undefined)
    throw new Error(`no ${type} called ${name}; there are ${Object.keys(all).join(", ")}`);
  return found;
}

/** What a role may do, one line per statement: `actions on resources [if conditions]`. */
export function statementsOf(template: Template, role: string): string[] {
  const policies = Object.values(resources(template, "AWS::IAM::Policy")).filter((policy) =>
    policy.Properties.Roles.some((ref: unknown) => inWords(ref) === role),
  );
  return policies
    .flatMap((policy) => policy.Properties.PolicyDocument.Statement.map(statementInWords))
    .sort();
}

/** What a role may do, one line per action and resource: `action on resource`. Conditions are left out. */
export function permittedTo(template: Template, role: string): string[] {
  const pairs = statementsOf(template, role).flatMap((statement) => {
    const [actions = "", resources = ""] = statement.replace(/ if .*$/, "").split(" on ");
    return actions.split(" ").flatMap((action) => resources.split(" ").map((on) => `${action} on ${on}`));
  });
  return [...new Set(pairs)].sort();
}

export interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

export function statementInWords(statement: Statement): string {
  const { Effect } = statement;
  if (Effect !== "Allow" && Effect !== "Deny") throw new Error(`unexpected effect ${Effect}`);
  const denied = Effect === "Deny" ? "denied: " : "";
  const actions = [statement.Action].flat().sort().join(" ");
  const on = [statement.Resource].flat().map(inWords).sort().join(" ");
  return statement.Condition === undefined
    ? `${denied}${actions} on ${on}`
    : `${denied}${actions} on ${on} if ${inWords(statement.Condition)}`;
}

/** A value of a template, with its functions spelled out: `{ "Fn::GetAtt": ["Queue1234ABCD", "Arn"] }` is `Queue.Arn`. */
export function inWords(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || typeof value !== "object") return String(value);
  const [[name, argument] = ["", undefined]] = Object.entries(value);
  if (name === "Ref") return readable(String(argument));
  if (name === "Fn::GetAtt" && Array.isArray(argument))
    return `${readable(String(argument[0]))}.${argument[1]}`;
  if (name === "Fn::Join" && Array.isArray(argument)) return argument[1].map(inWords).join(argument[0]);
  if (Array.isArray(value)) return value.map(inWords).join(", ");
  return Object.entries(value)
    .map(([key, inner]) => `${key} ${inWords(inner)}`)
    .join(", ");
}

/** CDK ends a logical id with eight digits of a hash, so that ids stay unique; they say nothing to a reader. */
function readable(logicalId: string): string {
  return logicalId.replace(/[0-9A-F]{8}$/, "");
}

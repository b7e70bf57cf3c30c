/**
 * What the rules of cdk-nag find in every deployment, and why it is meant. It stands beside the resource, in CDK's own words, so that whoever has their
 * app checked need not find the reasons themselves; the package itself is not needed for it.
 */
import * as cdk from "aws-cdk-lib";
import type { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IConstruct } from "constructs";

/** Says of a finding on a construct, or on anything in it, that it is meant. */
export function acknowledge(on: IConstruct, id: string, reason: string): void {
  // Versions of CDK that know no acknowledgments run no checks that would ask for them.
  if ("Validations" in cdk) cdk.Validations.of(on).acknowledge({ id, reason });
}

/**
 * The same for the wildcards in statements. A finding is named by the resource as the template spells it, which is settled when the references between
 * stacks are, just before anything is checked. Whatever else its owner lets a role do is still found.
 */
export function acknowledgeWildcards(on: IConstruct, statements: readonly PolicyStatement[]): void {
  on.node.addValidation({
    validate: () => {
      const resources = statements.flatMap((statement) => statement.resources);
      const spelled = resources.map((resource) => spell(cdk.Stack.of(on).resolve(resource)));
      for (const resource of new Set(spelled.filter((each) => each.includes("*"))))
        acknowledge(on, `AwsSolutions-IAM5[Resource::${resource}]`, reasonFor(resource));
      return [];
    },
  });
}

function reasonFor(resource: string): string {
  return resource === "*"
    ? "These actions know no narrower resource: network interfaces, traces, lists of schedules"
    : "Objects, schedules and versions are named when they are made; what holds them is the limit";
}

/** As cdk-nag writes a resource: references in angle brackets, all the rest as it is. */
function spell(resolved: unknown): string {
  if (typeof resolved !== "object" || resolved === null) return String(resolved);
  const [[name, argument] = ["", undefined]] = Object.entries(resolved);
  if (name === "Fn::Join" && Array.isArray(argument)) {
    const [separator, parts] = argument;
    return Array.isArray(parts) ? parts.map(spell).join(String(separator)) : "";
  }
  if (name === "Fn::GetAtt" && Array.isArray(argument)) return `<${argument.map(spell).join(".")}>`;
  if (name === "Ref") return `<${spell(argument)}>`;
  return name === "Fn::ImportValue" ? spell(argument) : JSON.stringify(resolved);
}

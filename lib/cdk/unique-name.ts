import { createHash } from "node:crypto";
import { Stack } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/**
 * A name that no other stack of the account and region gives to anything: `MyStack-Orders-Timers-Group-1A2B3C4D`, of 64 characters at most.
 *
 * For what CloudFormation makes up no names for (buses and schedule groups), CDK makes one of the path of ids. Two stages of one app can have the
 * same ids, and differ in the names of their stacks alone: what the second one deploys would be there already. So the stack's name takes part.
 */
export function uniqueName(scope: IConstruct, ...id: readonly string[]): string {
  const stack = deployedStack(scope);
  const ids = scope.node.scopes.slice(stack.node.scopes.length).map((each) => each.node.id);
  const parts = [stack.stackName, ...ids, ...id];
  const hash = createHash("sha256").update(parts.join("/")).digest("hex").slice(0, HASH_CHARS).toUpperCase();
  const words = parts.join("-").replaceAll(/[^A-Za-z0-9-]/g, "");
  return `${words.slice(0, LONGEST - HASH_CHARS - 1)}-${hash}`;
}

/**
 * The stack that is deployed by itself. The name of one that is nested in it is known only then; its ids are known here, and the names of its
 * resources begin like its parent's.
 */
export function deployedStack(scope: IConstruct): Stack {
  let stack = Stack.of(scope);
  while (stack.nestedStackParent !== undefined) stack = stack.nestedStackParent;
  return stack;
}

/** What a schedule group may have; a bus may have more. */
const LONGEST = 64;

const HASH_CHARS = 8;

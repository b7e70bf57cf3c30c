/** The policies of a synthesized stack, with every name and ARN as the local cloud has them, and a simulator of IAM that judges by them. */
import { runSimulation } from "@cloud-copilot/iam-simulate";
import { ACCOUNT } from "../../../lib/local/arn.js";
import { isArray, isObject, type Json } from "../../../lib/local/json.js";
import { readAssembly } from "../../../lib/local/template/assembly.js";
import { resolveStacks } from "../../../lib/local/template/resources.js";
import type { Call } from "./calls.js";

/** A statement of a role's policy; each has one or more actions and resources. */
export interface Statement {
  readonly effect: "Allow" | "Deny";
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly condition: Json | undefined;
}

/** By the role's logical id, without the hash that CDK ends it with. */
export function policiesIn(templates: string, gateway: string): ReadonlyMap<string, readonly Statement[]> {
  const resources = resolveStacks(readAssembly(templates), { endpoint: gateway }).flatMap(
    (stack) => stack.resources,
  );
  const roles = resources.filter(({ type }) => type === "AWS::IAM::Role");
  const byRole = new Map<string, Statement[]>();
  for (const { identity } of roles) {
    const statements = resources
      .filter(
        ({ type, properties }) =>
          type === "AWS::IAM::Policy" && properties.strings("Roles").includes(identity.name),
      )
      .flatMap(({ properties }) => properties.object("PolicyDocument")?.list("Statement") ?? []);
    byRole.set(identity.logicalId.replace(/[0-9A-F]{8}$/, ""), statements.map(statementOf));
  }
  return byRole;
}

function statementOf(found: Json): Statement {
  if (!isObject(found)) throw new Error(`no statement: ${JSON.stringify(found)}`);
  if (found.Effect !== "Allow" && found.Effect !== "Deny") throw new Error(`an effect of ${found.Effect}`);
  return {
    effect: found.Effect,
    actions: strings(found.Action),
    resources: strings(found.Resource),
    condition: found.Condition,
  };
}

function strings(value: Json | undefined): string[] {
  const list = isArray(value) ? value : [value];
  return list.map((each) => {
    if (typeof each === "string") return each;
    throw new Error(`expected text, found ${JSON.stringify(each)}`);
  });
}

/** Whether IAM lets somebody with these statements make the call. What the simulator can't judge is an error, and no refusal. */
export async function allows(statements: readonly Statement[], call: Call): Promise<boolean> {
  const Statement = statements.map(({ effect, actions, resources, condition }) => ({
    Effect: effect,
    Action: [...actions],
    Resource: [...resources],
    ...(condition === undefined ? {} : { Condition: condition }),
  }));
  const outcome = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${ACCOUNT}:role/somebody`,
        action: call.action,
        resource: { resource: call.resource, accountId: ACCOUNT },
        contextVariables: { ...call.context },
      },
      identityPolicies: [{ name: "own", policy: { Version: "2012-10-17", Statement } }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  if (outcome.resultType === "error")
    throw new Error(`${call.action} on ${call.resource} can't be judged: ${JSON.stringify(outcome.errors)}`);
  return outcome.overallResult === "Allowed";
}

/** Every single thing that the statements allow, each as a statement of its own. */
export function grains(statements: readonly Statement[]): Statement[] {
  return statements
    .filter(({ effect }) => effect === "Allow")
    .flatMap((statement) =>
      statement.actions.flatMap((action) =>
        statement.resources.map((resource) => ({ ...statement, actions: [action], resources: [resource] })),
      ),
    );
}

/** What is allowed and no call needs: `action on resource`. */
export async function unneeded(statements: readonly Statement[], calls: readonly Call[]): Promise<string[]> {
  const found = [];
  for (const grain of grains(statements)) {
    const [action = "", resource = ""] = [...grain.actions, ...grain.resources];
    const needed = await anyOf(
      calls.filter((call) => call.action.toLowerCase() === action.toLowerCase()),
      (call) => allows([grain], call),
    );
    if (!needed) found.push(`${action} on ${resource}`);
  }
  return [...new Set(found)].sort();
}

/** What was called and is not allowed. */
export async function denied(statements: readonly Statement[], calls: readonly Call[]): Promise<Call[]> {
  const found = [];
  for (const call of calls) if (!(await allows(statements, call))) found.push(call);
  return found;
}

async function anyOf<T>(items: readonly T[], fits: (item: T) => Promise<boolean>): Promise<boolean> {
  for (const item of items) if (await fits(item)) return true;
  return false;
}

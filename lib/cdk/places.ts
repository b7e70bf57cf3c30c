/** Looks at where things are that were handed to the construct. What the functions use by its name alone has to be where they are. */
import { Stack, Token, TokenComparison } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { HoldfastConfigError } from "./config-error.js";
import type { DurableFunctionsProps } from "./props.js";

type Where = "account" | "region";

/** A bucket's name is the same in every account, and a key may be another account's; both serve one region. */
const needs: Readonly<Record<string, readonly Where[]>> = {
  eventBus: ["account", "region"],
  "tables.executions": ["account", "region"],
  "tables.directory": ["account", "region"],
  "tables.payloads": ["region"],
  payloadBucket: ["region"],
  archive: ["region"],
  encryptionKey: ["region"],
};

/**
 * Of a bus in another place, rules and events would go to the one of the same name here, or to none; tables would not be found. What is known at
 * deployment only is taken for right.
 * @throws HoldfastConfigError for what is known to be elsewhere
 */
export function checkPlaces(scope: Construct, props: DurableFunctionsProps): void {
  const { eventBus, tables, payloadBucket, archive, encryptionKey } = props;
  const given: Readonly<Record<string, unknown>> = {
    eventBus,
    "tables.executions": tables?.executions,
    "tables.directory": tables?.directory,
    "tables.payloads": tables?.payloads,
    payloadBucket,
    archive,
    encryptionKey,
  };
  const stack = Stack.of(scope);
  for (const [prop, wheres] of Object.entries(needs)) {
    for (const where of wheres) {
      const found = placeOf(given[prop], where);
      if (found === undefined || Token.compareStrings(found, stack[where]) !== TokenComparison.DIFFERENT)
        continue;
      throw new HoldfastConfigError({
        what: `The prop \`${prop}\` is in another ${where} than the functions.`,
        expected: `${where} ${stack[where]}, which is that of the stack ${stack.node.path}`,
        found: `${where} ${found}`,
        next:
          prop === "eventBus"
            ? "Use a bus of this account and region, and let rules of the other one send their events to it."
            : "Deploy the functions where it is, or pass one that is where they are.",
      });
    }
  }
}

/** Every resource of CDK's says it, imported ones as far as their ARNs do. */
function placeOf(thing: unknown, where: Where): string | undefined {
  if (typeof thing !== "object" || thing === null) return undefined;
  const env: unknown = Reflect.get(thing, "env");
  const found: unknown = typeof env === "object" && env !== null ? Reflect.get(env, where) : undefined;
  return typeof found === "string" ? found : undefined;
}

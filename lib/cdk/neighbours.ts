/** Looks at the other deployments of the app: what two of them can't share. */
import { Stack, Token } from "aws-cdk-lib";
import { HoldfastConfigError } from "./config-error.js";
import type { DurableFunctions } from "./durable-functions.js";
import { prefixOf } from "./outputs.js";

/**
 * @param others that were made before it
 * @throws HoldfastConfigError
 */
export function checkNeighbours(deployment: DurableFunctions, others: readonly DurableFunctions[]): void {
  for (const other of others) {
    const both = `${other.node.path} and ${deployment.node.path}`;
    if (other.tables.executions.tableArn === deployment.tables.executions.tableArn) throw sharedTables(both);
    if (other.serviceName === deployment.serviceName && onOneBus(other, deployment))
      throw sharedName(both, deployment.serviceName);
    if (Stack.of(other) === Stack.of(deployment) && prefixOf(other) === prefixOf(deployment))
      throw sharedOutputs(both, prefixOf(deployment));
  }
}

/**
 * Nothing in the tables says which deployment an execution belongs to. Of two on the same tables each relay would publish the other's
 * events, and each audit would wake the other's executions, in a worker that does not know their workflows.
 */
function sharedTables(both: string): HoldfastConfigError {
  return new HoldfastConfigError({
    what: "Two deployments can't share their tables.",
    expected: "a DurableTables construct for each DurableFunctions construct",
    found: `${both} on the same Executions table`,
    next: "Make another DurableTables for one of them, or put the workflows of both into one app. The bus may be shared.",
  });
}

/**
 * An event's source and stable id are made of the deployment's name and the execution's id. Of two executions of the same id, one in each, the
 * second's events would be taken for repeats of the first's.
 */
function sharedName(both: string, name: string): HoldfastConfigError {
  return new HoldfastConfigError({
    what: "Two deployments on one bus can't have the same name.",
    expected: "a `serviceName` of its own for each, or a bus of its own",
    found: `${both} called ${JSON.stringify(name)}`,
    next: `Call one of them otherwise, such as ${JSON.stringify(`${name}-2`)}.`,
  });
}

function sharedOutputs(both: string, prefix: string): HoldfastConfigError {
  return new HoldfastConfigError({
    what: "The outputs of two deployments in one stack would have the same names.",
    expected: "ids of constructs that differ in letters and digits",
    found: `${both}, whose outputs both begin with ${JSON.stringify(prefix)}`,
    next: "Give one of them another id, and its `serviceName` if it was deployed already.",
  });
}

/** One construct, or two of the same name in one place. Where the place is known at deployment only, they may be two stages. */
function onOneBus(one: DurableFunctions, other: DurableFunctions): boolean {
  if (one.bus === other.bus) return true;
  const [here, there] = [Stack.of(one), Stack.of(other)];
  const isKnown = !Token.isUnresolved(here.account) && !Token.isUnresolved(here.region);
  const isOnePlace = here.account === there.account && here.region === there.region;
  return isKnown && isOnePlace && one.bus.eventBusName === other.bus.eventBusName;
}

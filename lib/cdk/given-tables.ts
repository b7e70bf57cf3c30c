/** Looks at tables that were handed to the construct, as far as they can be seen: those of the app itself in full, imported ones by what was said of them. */
import { Stack } from "aws-cdk-lib";
import { CfnGlobalTable, CfnTable } from "aws-cdk-lib/aws-dynamodb";
import { Construct } from "constructs";
import { HoldfastConfigError } from "./config-error.js";
import { type HoldfastTables, indexNames, type TableHandle } from "./durable-tables.js";
import type { DurableFunctionsProps } from "./props.js";

/** @throws HoldfastConfigError for tables that the functions could not work with, and for props that would have no effect beside them */
export function checkGivenTables(props: DurableFunctionsProps): void {
  const { tables } = props;
  if (tables === undefined) return;
  checkStream(tables);
  checkMade("executions", tables.executions, Object.values(indexNames));
  checkMade("directory", tables.directory, []);
  for (const prop of ["removalPolicy", "deletionProtection", "payloadBucket"] as const) {
    if (props[prop] === undefined) continue;
    throw new HoldfastConfigError({
      what: `The prop \`${prop}\` would have no effect: the tables are not this construct's.`,
      expected: `\`${prop}\` on the DurableTables construct that was passed as \`tables\``,
      found: `both \`tables\` and \`${prop}\` on DurableFunctions`,
      next: `Move \`${prop}\` there.`,
    });
  }
}

function checkStream({ executions }: HoldfastTables): void {
  const view = madeOf(executions)?.streamViewType;
  const isSeen = view === undefined || view === "NEW_IMAGE" || view === "NEW_AND_OLD_IMAGES";
  if (executions.tableStreamArn !== undefined && isSeen) return;
  throw new HoldfastConfigError({
    what: "The Executions table in `tables` has no stream of new images, so nothing would ever be published.",
    expected: "a table with a stream of new images, as DurableTables makes it",
    found: view === undefined ? "a table without tableStreamArn" : `a stream of ${view}`,
    next: "Pass a DurableTables construct; for an imported table, give its tableStreamArn too: TableV2.fromTableAttributes(...).",
  });
}

/** DynamoDB refuses an item without the table's keys, and a query of an index that is not there; better said before anything is deployed. */
function checkMade(name: keyof HoldfastTables, table: TableHandle, indexes: readonly string[]): void {
  const made = madeOf(table);
  if (made === undefined) return;
  const missing = indexes.filter((index) => !made.indexes.includes(index));
  if (made.keys === "pk sk" && missing.length === 0) return;
  throw new HoldfastConfigError({
    what: `The table \`${name}\` in \`tables\` is not as Holdfast's tables are.`,
    expected: ["the keys pk and sk", ...indexes.map((index) => `the index ${index}`)].join(", "),
    found: `the keys ${made.keys.replace(" ", " and ")}; missing indexes: ${missing.join(", ") || "none"}`,
    next: "Pass a DurableTables construct.",
  });
}

interface Made {
  /** The partition key's name, then the sort key's. */
  readonly keys: string;
  readonly indexes: readonly string[];
  readonly streamViewType: string | undefined;
}

/** What the app itself says of a table; undefined for one that is imported, or none of CDK's. */
function madeOf(table: TableHandle): Made | undefined {
  const resource = Construct.isConstruct(table) ? table.node.defaultChild : undefined;
  if (!(resource instanceof CfnGlobalTable || resource instanceof CfnTable)) return undefined;
  const resolve = (value: unknown): unknown => Stack.of(resource).resolve(value);
  const keys = listOf(resolve(resource.keySchema)).map((key) => textAt(key, "attributeName"));
  const indexes = listOf(resolve(resource.globalSecondaryIndexes)).map((index) => textAt(index, "indexName"));
  const view = textAt(resolve(resource.streamSpecification), "streamViewType");
  return { keys: keys.join(" "), indexes, streamViewType: view === "" ? undefined : view };
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function textAt(from: unknown, name: string): string {
  const found: unknown = typeof from === "object" && from !== null ? Reflect.get(from, name) : undefined;
  return typeof found === "string" ? found : "";
}

/**
 * What the user's actions of a transaction must be, checked before any table is called, and whatever the store is: so that a mistake shows
 * on all of them.
 *
 * The size of an `Update` is that of its item afterwards, which only the table knows; here it counts as what is sent.
 */
import { attributesBytes } from "./attributes.js";
import { InvalidTransactionError } from "./errors.js";
import {
  LARGEST_TRANSACTION_BYTES,
  MOST_TRANSACTION_ACTIONS,
  type TransactionAction,
} from "./transaction.js";

const KINDS = ["Put", "Update", "Delete", "ConditionCheck"] as const;

type Values = Readonly<Record<string, unknown>>;

interface Checked {
  readonly kind: (typeof KINDS)[number];
  readonly table: string;
  /** Of everything but a put, whose key is somewhere in its item. */
  readonly key?: Values;
  readonly item?: Values;
  readonly bytes: number;
}

/**
 * @param beside bytes of what is written with them
 * @throws InvalidTransactionError
 */
export function checkActions(actions: readonly TransactionAction[], beside = 0): void {
  if (actions.length > MOST_TRANSACTION_ACTIONS) {
    throw new InvalidTransactionError(
      `it has ${actions.length} actions, and DynamoDB takes at most ${MOST_TRANSACTION_ACTIONS} beside the execution's own. Split it into several transactions.`,
    );
  }
  const checked = actions.map(checkAction);
  checkDistinct(checked);
  const bytes = checked.reduce((sum, action) => sum + action.bytes, beside);
  if (bytes > LARGEST_TRANSACTION_BYTES) {
    throw new InvalidTransactionError(
      `its actions are ${bytes} bytes together, and DynamoDB takes at most ${LARGEST_TRANSACTION_BYTES}. Split it into several transactions.`,
    );
  }
}

/** What comes from workflow code is typed, and may all the same be anything. */
function checkAction(action: TransactionAction, index: number): Checked {
  const fields: Values = isObject(action) ? action : {};
  const kinds = KINDS.filter((kind) => fields[kind] !== undefined);
  const [kind] = kinds;
  const body = kind === undefined ? undefined : fields[kind];
  if (kind === undefined || kinds.length > 1 || !isObject(body)) {
    throw new InvalidTransactionError(
      `action ${index} should be one of { Put }, { Update }, { Delete } or { ConditionCheck }, and has ${Object.keys(fields).join(", ") || "none of them"}.`,
    );
  }
  const table = body.TableName;
  if (typeof table !== "string" || table === "")
    throw new InvalidTransactionError(`action ${index}, a ${kind}, names no table. Set its TableName.`);
  const named = kind === "Put" ? "Item" : "Key";
  const found = body[named];
  if (!isObject(found))
    throw new InvalidTransactionError(
      `action ${index}, a ${kind} on ${table}, has no ${named}. Expected an object of attributes, as DynamoDB's document client takes it.`,
    );
  const where = `action ${index}, a ${kind} on ${table}`;
  const values = isObject(body.ExpressionAttributeValues) ? body.ExpressionAttributeValues : {};
  const bytes = attributesBytes(found, where) + attributesBytes(values, where);
  return { kind, table, bytes, ...(kind === "Put" ? { item: found } : { key: found }) };
}

/**
 * DynamoDB refuses two actions on one item, without saying which. Of a table on which every action is a put, nothing here tells which
 * attributes are the key: those are left to DynamoDB.
 */
function checkDistinct(actions: readonly Checked[]): void {
  const seen = new Map<string, number>();
  for (const [index, { table, key, item }] of actions.entries()) {
    const names = Object.keys(actions.find((other) => other.table === table && other.key)?.key ?? {}).sort();
    const values = key ?? item ?? {};
    if (names.length === 0 || names.some((name) => values[name] === undefined)) continue;
    const identity = JSON.stringify([table, ...names.map((name) => shown(values[name]))]);
    const before = seen.get(identity);
    if (before !== undefined) {
      throw new InvalidTransactionError(
        `actions ${before} and ${index} are both on the item ${shown(names.map((name) => values[name]))} of ${table}, and DynamoDB takes one action for each item. Make one of the two.`,
      );
    }
    seen.set(identity, index);
  }
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "bigint" ? String(part) : part instanceof Uint8Array ? [...part] : part,
  );
}

function isObject(found: unknown): found is Values {
  return typeof found === "object" && found !== null && !Array.isArray(found);
}

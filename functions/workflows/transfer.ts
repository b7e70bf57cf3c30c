import { TransactionCancelledError, workflow } from "holdfast";
import { z } from "zod";
import { MoneyMoved } from "./events.js";

const account = z.string().min(1).max(64);
const request = z
  .object({ from: account, to: account, amount: z.number().int().positive() })
  .refine(({ from, to }) => from !== to, "expected two accounts");

/** The table of accounts, `{ id, balance }`: the deployment names it to the functions that run workflows. */
const accountsTable = (): string => process.env.ACCOUNTS_TABLE ?? "Accounts";

/**
 * Moves money between two accounts, once, whatever crashes: both balances, the event and the record that it was done are one write.
 * Money that is not there, and accounts that are not, are no failure of the workflow but its answer.
 */
export const transfer = workflow(
  "transfer",
  { input: request, version: "1" },
  async (ctx, { from, to, amount }) => {
    try {
      await ctx.transaction("move", (tx) => {
        tx.update({
          TableName: accountsTable(),
          Key: { id: from },
          UpdateExpression: "SET balance = balance - :amount",
          ConditionExpression: "balance >= :amount",
          ExpressionAttributeValues: { ":amount": amount },
        });
        tx.update({
          TableName: accountsTable(),
          Key: { id: to },
          UpdateExpression: "SET balance = balance + :amount",
          ConditionExpression: "attribute_exists(id)",
          ExpressionAttributeValues: { ":amount": amount },
        });
        tx.sendEvent(MoneyMoved, { from, to, amount });
      });
    } catch (error) {
      if (!(error instanceof TransactionCancelledError)) throw error;
      const refused = error.reasons.map(({ code }) => code === "ConditionalCheckFailed");
      if (!refused.includes(true)) throw error;
      return { status: "refused", because: refused[0] ? "not enough money" : "no such account" };
    }
    return { status: "moved" };
  },
);

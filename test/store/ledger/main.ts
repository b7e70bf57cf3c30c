/** `npm run ledger [-- --json]`: what each operation of the store costs, measured on a DynamoDB Local of its own. Ends with 1 above a budget. */
import { startDynamoDb } from "../../../lib/local/dynamodb.js";
import { freshDynamoAt } from "../../setup/database.js";
import { optionsOf } from "../../setup/options.js";
import { ENTRIES, isWithin, type Line, ledgerTable, openLedger } from "./measure.js";

const values = optionsOf({ json: { type: "boolean", default: false } });

// The SDK's notice about this Node.js is for those who deploy on it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

const database = await startDynamoDb({ inMemory: true });
try {
  const { client, documents } = freshDynamoAt(database.endpoint);
  const ledger = await openLedger(client, documents);
  const lines: Line[] = [];
  for (const entry of ENTRIES) lines.push(await ledger.measure(entry));
  const kept = lines.every(isWithin);
  if (values.json) console.log(JSON.stringify({ kept, lines }));
  else console.log(ledgerTable(lines));
  process.exitCode = kept ? 0 : 1;
} finally {
  await database.stop();
}

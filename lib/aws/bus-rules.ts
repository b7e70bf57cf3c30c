/** The rules of an EventBridge bus: whether anybody takes what is published there, which `PutEvents` tells nobody. */
import { type Connection, clientSettings } from "./connection.js";

/** Whether a rule of the bus may take events of this type: by its `detail-type` alone, whatever else its pattern asks for. */
export async function mayTake(busName: string, type: string, connection: Connection = {}): Promise<boolean> {
  const { EventBridgeClient, ListRulesCommand } = await import("./holdfast-part-eventbridge.js");
  const client = new EventBridgeClient(clientSettings("eventbridge", connection));
  try {
    for (let token: string | undefined, first = true; first || token !== undefined; first = false) {
      const page = await client.send(
        new ListRulesCommand({
          EventBusName: busName,
          ...(token === undefined ? {} : { NextToken: token }),
        }),
      );
      for (const { EventPattern: pattern, State: state } of page.Rules ?? [])
        if (pattern !== undefined && state !== "DISABLED" && admits(pattern, type)) return true;
      token = page.NextToken;
    }
    return false;
  } finally {
    client.destroy();
  }
}

/** What is no plain text in a pattern, such as a prefix, may fit. */
export function admits(pattern: string, type: string): boolean {
  const types: unknown = Reflect.get(JSON.parse(pattern), "detail-type");
  return !Array.isArray(types) || types.some((each) => each === type || typeof each !== "string");
}

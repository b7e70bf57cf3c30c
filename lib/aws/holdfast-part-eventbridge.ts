/** Of EventBridge's client, what this folder's neighbours use. A part (`lib/cdk/parts.ts`). */
export { EventBridgeClient, ListRulesCommand, PutEventsCommand } from "@aws-sdk/client-eventbridge";

/**
 * A handler that makes the same calls by the same clients, one after the other, on items of no meaning, and nothing else: what any handler
 * pays that uses them.
 */

interface Call {
  readonly client: "dynamodb" | "sqs" | "eventbridge";
  /** Of the client's package, or of the document client's. */
  readonly command: string;
  /** Source text. */
  readonly input: string;
}

const KEY = `{ pk: "bare", sk: "bare" }`;
const TABLE = "TableName: process.env.HOLDFAST_EXECUTIONS_TABLE";
const ITEM = `{ ...${KEY}, text: "x".repeat(200) }`;

const CALLS: Readonly<Record<string, Call>> = {
  "DynamoDB_20120810.GetItem": {
    client: "dynamodb",
    command: "GetCommand",
    input: `{ ${TABLE}, Key: ${KEY} }`,
  },
  "DynamoDB_20120810.PutItem": {
    client: "dynamodb",
    command: "PutCommand",
    input: `{ ${TABLE}, Item: ${ITEM} }`,
  },
  "DynamoDB_20120810.UpdateItem": {
    client: "dynamodb",
    command: "UpdateCommand",
    input: `{ ${TABLE}, Key: ${KEY}, UpdateExpression: "SET #t = :t", ExpressionAttributeNames: { "#t": "text" }, ExpressionAttributeValues: { ":t": "y" } }`,
  },
  "DynamoDB_20120810.DeleteItem": {
    client: "dynamodb",
    command: "DeleteCommand",
    input: `{ ${TABLE}, Key: ${KEY} }`,
  },
  "DynamoDB_20120810.Query": {
    client: "dynamodb",
    command: "QueryCommand",
    input: `{ ${TABLE}, KeyConditionExpression: "pk = :pk", ExpressionAttributeValues: { ":pk": "bare" } }`,
  },
  "AmazonSQS.SendMessage": {
    client: "sqs",
    command: "SendMessageCommand",
    input: `{ QueueUrl: process.env.HOLDFAST_WAKE_QUEUE_URL, MessageBody: "bare" }`,
  },
  "AmazonSQS.ReceiveMessage": {
    client: "sqs",
    command: "ReceiveMessageCommand",
    input: `{ QueueUrl: process.env.HOLDFAST_WAKE_DLQ_URL }`,
  },
  "AWSEvents.PutEvents": {
    client: "eventbridge",
    command: "PutEventsCommand",
    input: `{ Entries: [{ EventBusName: process.env.HOLDFAST_BUS_NAME, Source: "bare", DetailType: "bare", Detail: "{}" }] }`,
  },
};

const CLIENTS = {
  dynamodb: { from: "@aws-sdk/client-dynamodb", client: "DynamoDBClient", commands: "@aws-sdk/lib-dynamodb" },
  sqs: { from: "@aws-sdk/client-sqs", client: "SQSClient", commands: "@aws-sdk/client-sqs" },
  eventbridge: {
    from: "@aws-sdk/client-eventbridge",
    client: "EventBridgeClient",
    commands: "@aws-sdk/client-eventbridge",
  },
} as const;

/** @param targets as the protocols name them. Throws for one that has no like here. */
export function bareHandler(targets: readonly string[]): string {
  const calls = targets.map((target) => {
    const call = CALLS[target];
    if (call === undefined) throw new Error(`The bare handler knows no call ${target}.`);
    return call;
  });
  const clients = [...new Set(calls.map(({ client }) => client))];
  const imports = clients.flatMap((name) => {
    const { from, client, commands } = CLIENTS[name];
    const used = new Set(calls.filter((call) => call.client === name).map(({ command }) => command));
    const document = name === "dynamodb" ? ["DynamoDBDocumentClient"] : [];
    return [
      `import { ${client} } from ${JSON.stringify(from)};`,
      `import { ${[...document, ...used].join(", ")} } from ${JSON.stringify(commands)};`,
    ];
  });
  const made = clients.map((name) => {
    const plain = `new ${CLIENTS[name].client}({})`;
    return `const ${name} = ${name === "dynamodb" ? `DynamoDBDocumentClient.from(${plain})` : plain};`;
  });
  const sent = calls.map(({ client, command, input }) => `  await ${client}.send(new ${command}(${input}));`);
  return [...imports, ...made, "export const handler = async () => {", ...sent, "};"].join("\n");
}

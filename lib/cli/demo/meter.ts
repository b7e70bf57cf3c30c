/**
 * The electricity meter of the demo: a proxy before DynamoDB that asks for the consumed capacity of every write, whoever
 * makes it, and reads the bill in the answer. So it measures the processes of the functions without changing them.
 *
 * DynamoDB Local bills writes as DynamoDB does, with two known differences. A write whose condition failed is not billed here,
 * and is billed by AWS: those are counted apart. And a transaction is billed here as if it were none, by AWS twice that.
 */
import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";

export interface MeteredWrite {
  /** Such as `PutItem`. */
  readonly operation: string;
  /** The keys of the items that it wrote, as text. */
  readonly keys: readonly string[];
  /** Write units of the table and its indexes; 0 when it was refused. */
  readonly units: number;
  readonly refused: boolean;
}

export interface Meter {
  readonly endpoint: string;
  /** Every write whose keys name one of these ids. */
  writesOf(ids: readonly string[]): readonly MeteredWrite[];
  stop(): Promise<void>;
}

const LOOPBACK = "127.0.0.1";

const WRITES = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"];

export async function startMeter(upstream: string): Promise<Meter> {
  const agent = new Agent({ keepAlive: true });
  const writes: MeteredWrite[] = [];
  const server = createServer((incoming, answer) => {
    forward(incoming, answer, { upstream, agent, record: (write) => writes.push(write) }).catch(() => {
      // The caller's SDK retries as it would when a connection breaks.
      answer.destroy();
    });
  });
  const endpoint = await listen(server);
  return {
    endpoint,
    writesOf: (ids) => writes.filter(({ keys }) => keys.some((key) => ids.some((id) => key.includes(id)))),
    stop: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function listen(server: Server): Promise<string> {
  return new Promise((listening, failed) => {
    server.once("error", failed);
    server.listen(0, LOOPBACK, () => {
      const address = server.address();
      listening(`http://${LOOPBACK}:${typeof address === "object" ? address?.port : ""}`);
    });
  });
}

interface Line {
  readonly upstream: string;
  readonly agent: Agent;
  record(write: MeteredWrite): void;
}

async function forward(incoming: IncomingMessage, answer: ServerResponse, line: Line): Promise<void> {
  const operation = String(incoming.headers["x-amz-target"] ?? "").replace(/^DynamoDB_[^.]*\./, "");
  const metered = WRITES.includes(operation);
  const asked = await readAll(incoming);
  const body = metered ? withCapacityAsked(asked) : asked;
  const reply = await send(incoming, body, line);
  const content = await readAll(reply);
  if (metered) line.record(measured(operation, asked, content, reply.statusCode !== 200));
  answer.writeHead(reply.statusCode ?? 502, reply.headers);
  answer.end(content);
}

function send(incoming: IncomingMessage, body: Buffer, { upstream, agent }: Line): Promise<IncomingMessage> {
  return new Promise((replied, failed) => {
    const outgoing = request(new URL(incoming.url ?? "/", upstream), {
      agent,
      ...(incoming.method === undefined ? {} : { method: incoming.method }),
      headers: { ...incoming.headers, "content-length": String(body.length) },
    });
    outgoing.once("response", replied);
    outgoing.once("error", failed);
    outgoing.end(body);
  });
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** DynamoDB Local reads who signed a request, and does not check the signature, so the body may change under way. */
function withCapacityAsked(body: Buffer): Buffer {
  return Buffer.from(JSON.stringify({ ...objectIn(body), ReturnConsumedCapacity: "INDEXES" }));
}

function measured(operation: string, asked: Buffer, content: Buffer, refused: boolean): MeteredWrite {
  const keys = keysIn(objectIn(asked));
  if (refused) return { operation, keys, units: 0, refused };
  const consumed = objectIn(content).ConsumedCapacity;
  const bills = Array.isArray(consumed) ? consumed : [consumed];
  const units = bills.reduce((sum: number, bill) => sum + unitsOf(bill), 0);
  return { operation, keys, units: units * (operation === "TransactWriteItems" ? 2 : 1), refused };
}

/** `CapacityUnits` is the table's and all indexes' together. */
function unitsOf(bill: unknown): number {
  const units: unknown = typeof bill === "object" && bill !== null ? Reflect.get(bill, "CapacityUnits") : 0;
  return typeof units === "number" ? units : 0;
}

/** Every `pk` and `sk` in a request, however deep: single writes, batches and transactions say them in different places. */
function keysIn(found: unknown): string[] {
  if (typeof found !== "object" || found === null) return [];
  return Object.entries(found).flatMap(([name, value]) => {
    const text: unknown =
      typeof value === "object" && value !== null && (name === "pk" || name === "sk")
        ? Reflect.get(value, "S")
        : undefined;
    return typeof text === "string" ? [text] : keysIn(value);
  });
}

function objectIn(body: Buffer): Record<string, unknown> {
  const found: unknown = JSON.parse(body.toString("utf8") || "{}");
  return typeof found === "object" && found !== null ? { ...found } : {};
}

/**
 * The wire between the SDK and a real DynamoDB Local, and what can go wrong on it that DynamoDB Local never does. Everything strikes below
 * the SDK's own serializer, retries and deserializer: what the store meets is what it would meet on AWS.
 */
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

/** Strikes at one request, and at those that come next, until it has struck `times` times. */
export type Strike =
  | "throttled by the table"
  | "throttled by the account"
  | "in conflict with a transaction"
  | "cancelled for our own item"
  | "cancelled for an item of the user's"
  | "reply lost"
  | "never arrived"
  /** Given up by its sender, and done when everything else is over: at {@link Wire.arrive}. */
  | "arrives late";

/** How DynamoDB answers for as long as it is set. */
export type Manner =
  /** One item a page, and there is more. */
  | "short pages"
  /** Each query begins with a page that holds nothing, and there is more. */
  | "empty pages"
  /** Of each batch half is done, and the rest handed back. */
  | "half batches";

interface WireRequest {
  readonly headers: Record<string, string>;
  body: unknown;
}

interface WireResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

type Json = Record<string, unknown>;

/** What stands in for the last key that was looked at, on a page whose items were all left out. Nobody but the table has to understand it. */
const NOWHERE = "(looked at, and left out)";

export class Wire {
  /** What was asked since the last `listen`, such as `PutItem`, or `Query byStatus` of an index. */
  readonly requests: string[] = [];
  #strike: { readonly at: number; readonly kind: Strike; left: number } | undefined;
  #manner: Manner | undefined;
  #lagging: string | undefined;
  #late: (() => Promise<WireResponse>)[] = [];
  /** How often a strike, a manner or a lag has changed anything. */
  struck = 0;

  constructor(documents: DynamoDBDocumentClient) {
    documents.middlewareStack.add(
      (next) => async (args) => {
        const { request } = args;
        if (!isRequest(request)) throw new Error("The SDK sent something that is no HTTP request.");
        const send = async (): Promise<WireResponse> => {
          const { response } = await next(args);
          if (isResponse(response)) return response;
          throw new Error("The SDK was answered by something that is no HTTP response.");
        };
        return { response: await this.#pass(request, send), output: { $metadata: {} } };
      },
      { step: "deserialize", priority: "low", name: "wire" },
    );
  }

  /** From here on everything goes well, and is noted. */
  listen(): void {
    this.requests.length = 0;
    this.struck = 0;
    this.#strike = undefined;
    this.#manner = undefined;
    this.#lagging = undefined;
    this.#late = [];
  }

  /** Lets happen what was on its way for so long. Its replies reach nobody. */
  async arrive(): Promise<void> {
    for (const send of this.#late.splice(0)) await bytesOf((await send()).body);
  }

  /** @param request counted from 1, from the last `listen` on; what the SDK repeats counts again */
  strike(kind: Strike, request: number, times: number): void {
    this.#strike = { at: request, kind, left: times };
  }

  answer(manner: Manner): void {
    this.#manner = manner;
  }

  /** Indexes show what this database's do. */
  lag(accessKeyId: string | undefined): void {
    this.#lagging = accessKeyId;
  }

  async #pass(request: WireRequest, send: () => Promise<WireResponse>): Promise<WireResponse> {
    const operation = request.headers["x-amz-target"]?.split(".")[1] ?? "";
    const asked = parsed(request.body);
    this.requests.push(asked.IndexName === undefined ? operation : `${operation} ${String(asked.IndexName)}`);
    const strike = this.#strike;
    if (strike !== undefined && strike.left > 0 && this.requests.length >= strike.at) {
      strike.left -= 1;
      this.struck += 1;
      if (strike.kind === "arrives late") this.#late.push(send);
      return struck(strike.kind, asked, send);
    }
    if (operation === "Query" && asked.IndexName !== undefined && this.#lagging !== undefined) {
      this.struck += 1;
      // DynamoDB Local keeps a database for each access key id, and takes any signature.
      const { authorization = "" } = request.headers;
      request.headers.authorization = authorization.replace(
        /Credential=[^/]+/,
        `Credential=${this.#lagging}`,
      );
    }
    if (operation === "Query" && this.#manner === "short pages") {
      this.struck += 1;
      say(request, { ...asked, Limit: 1 });
    }
    if (operation === "Query" && this.#manner === "empty pages") {
      const { ExclusiveStartKey, ...fromTheBeginning } = asked;
      if (JSON.stringify(ExclusiveStartKey ?? {}).includes(NOWHERE)) {
        const real = beforeNowhere(ExclusiveStartKey);
        say(request, real === undefined ? fromTheBeginning : { ...asked, ExclusiveStartKey: real });
      } else {
        this.struck += 1;
        return answer(200, {
          Items: [],
          Count: 0,
          ScannedCount: 1,
          LastEvaluatedKey: nowhere(ExclusiveStartKey),
        });
      }
    }
    if (operation.startsWith("Batch") && this.#manner === "half batches") {
      this.struck += 1;
      const [now, later] = halves(asked);
      say(request, { ...asked, RequestItems: now });
      const response = await send();
      const done = parsed(await bytesOf(response.body));
      const left = operation === "BatchGetItem" ? "UnprocessedKeys" : "UnprocessedItems";
      return answer(200, { ...done, [left]: later });
    }
    return send();
  }
}

async function struck(kind: Strike, asked: Json, send: () => Promise<WireResponse>): Promise<WireResponse> {
  switch (kind) {
    case "throttled by the table":
      return refusal(
        "ProvisionedThroughputExceededException",
        "The level of configured throughput is exceeded.",
      );
    case "throttled by the account":
      return refusal("ThrottlingException", "Rate of requests exceeds the allowed throughput.");
    case "in conflict with a transaction":
      return refusal("TransactionConflictException", "Transaction is ongoing for the item");
    case "cancelled for our own item":
      return cancellation(asked, (index) => index === 0);
    case "cancelled for an item of the user's":
      return cancellation(asked, (index) => index === 1);
    case "reply lost":
      await bytesOf((await send()).body);
      throw timeout();
    case "never arrived":
    case "arrives late":
      throw timeout();
  }
}

/** As the SDK's own HTTP handler says it. */
function timeout(): Error {
  return Object.assign(new Error("The request timed out."), { name: "TimeoutError" });
}

function refusal(name: string, message: string, more: Json = {}): WireResponse {
  return answer(400, { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message, ...more });
}

function cancellation({ TransactItems }: Json, isInConflict: (index: number) => boolean): WireResponse {
  const actions = Array.isArray(TransactItems) ? TransactItems : [];
  const CancellationReasons = actions.map((_, index) =>
    isInConflict(index)
      ? { Code: "TransactionConflict", Message: "Transaction is ongoing for the item" }
      : { Code: "None" },
  );
  const codes = CancellationReasons.map(({ Code }) => Code).join(", ");
  const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`;
  return refusal("TransactionCanceledException", message, { Message: message, CancellationReasons });
}

function answer(statusCode: number, content: Json): WireResponse {
  const headers = { "content-type": "application/x-amz-json-1.0" };
  return { statusCode, headers, body: Buffer.from(JSON.stringify(content)) };
}

/** A key by which the query goes on where it stood. */
function nowhere(from: unknown): Json {
  return { pk: { S: NOWHERE }, sk: { S: JSON.stringify(from ?? null) } };
}

function beforeNowhere(key: unknown): Json | undefined {
  const { sk } = isJson(key) ? key : {};
  const from: unknown = isJson(sk) && typeof sk.S === "string" ? JSON.parse(sk.S) : undefined;
  return isJson(from) ? from : undefined;
}

/** Of each table's keys or writes the first half, and the others. */
function halves({ RequestItems }: Json): [Json, Json] {
  const now: Json = {};
  const later: Json = {};
  for (const [table, wanted] of Object.entries(isJson(RequestItems) ? RequestItems : {})) {
    const isRead = isJson(wanted);
    const all = isRead ? wanted.Keys : wanted;
    if (!Array.isArray(all)) throw new Error(`A batch asks nothing of the table ${table}.`);
    const half = Math.ceil(all.length / 2);
    const of = (some: unknown[]): unknown => (isRead ? { ...wanted, Keys: some } : some);
    now[table] = of(all.slice(0, half));
    if (half < all.length) later[table] = of(all.slice(half));
  }
  return [now, later];
}

function say(request: WireRequest, content: Json): void {
  const body = Buffer.from(JSON.stringify(content));
  request.body = body;
  request.headers["content-length"] = String(body.length);
}

function parsed(body: unknown): Json {
  const found: unknown = body instanceof Uint8Array ? JSON.parse(new TextDecoder().decode(body)) : {};
  return isJson(found) ? found : {};
}

async function bytesOf(body: unknown): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  if (!isStream(body)) throw new Error("An HTTP response has a body that can't be read.");
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function isStream(found: unknown): found is AsyncIterable<Uint8Array> {
  return typeof found === "object" && found !== null && Symbol.asyncIterator in found;
}

function isJson(found: unknown): found is Json {
  return typeof found === "object" && found !== null && !Array.isArray(found);
}

function isRequest(found: unknown): found is WireRequest {
  return isJson(found) && isJson(found.headers) && "body" in found;
}

function isResponse(found: unknown): found is WireResponse {
  return isJson(found) && typeof found.statusCode === "number" && "body" in found;
}

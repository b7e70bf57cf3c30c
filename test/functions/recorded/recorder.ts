/**
 * A proxy before everything that functions and clients call: it writes down who made which call, as IAM would see it, and hands it on. Who calls is
 * told by the access key that the call is signed with.
 */
import { Agent, createServer, type IncomingMessage, request as send } from "node:http";
import { type Call, callsOf, type Exchange } from "./calls.js";

export interface Recorder {
  readonly endpoint: string;
  /** Where calls go on: DynamoDB's to one place, with a database of this key, all others to the other. */
  connect(to: Upstream): void;
  /** What somebody called, each different call once. */
  of(caller: string): readonly Call[];
  /** From here on, what fits is refused as if a permission were missing, until the function that is returned is called. */
  refuse(caller: string, fits: Fits): () => void;
  /** What a function waits for when it asks for `/meanwhile`. */
  meanwhile(work: () => Promise<unknown>): void;
  close(): Promise<void>;
}

/** Whether it is this call, with this content. */
type Fits = (call: Call, body: string) => boolean;

export interface Upstream {
  readonly dynamodb: string;
  readonly gateway: string;
  readonly accessKeyId: string;
}

const CREDENTIAL = /Credential=([A-Za-z0-9]+)\/\d+\/[^/]+\/([a-z0-9-]+)\/aws4_request/;

export async function startRecorder(): Promise<Recorder> {
  const agent = new Agent({ keepAlive: true });
  const recorded = new Map<string, Map<string, Call>>();
  const refusals = new Set<{ caller: string; fits: Fits }>();
  let upstream: Upstream | undefined;
  let during: () => Promise<unknown> = async () => undefined;

  const note = (caller: string, calls: readonly Call[]): void => {
    const own = recorded.get(caller) ?? new Map<string, Call>();
    for (const call of calls) own.set(JSON.stringify(call), call);
    recorded.set(caller, own);
  };

  const answer = async (incoming: IncomingMessage): Promise<Reply> => {
    const body = await bytesOf(incoming);
    if (incoming.url === "/meanwhile") {
      await during();
      return { status: 200, headers: {}, body: Buffer.from("{}") };
    }
    const [, caller = "", service = ""] = CREDENTIAL.exec(String(incoming.headers.authorization ?? "")) ?? [];
    if (caller === "" || upstream === undefined)
      throw new Error(`nobody signed ${incoming.method} ${incoming.url}`);
    const exchange = exchangeOf(service, incoming, body);
    const calls = callsOf(exchange);
    const refused = calls.some((call) =>
      [...refusals].some((each) => each.caller === caller && each.fits(call, exchange.body)),
    );
    if (refused) return denial();
    const reply = await forward(incoming, body, upstream, service, agent);
    note(caller, callsOf({ ...exchange, status: reply.status }));
    return reply;
  };

  const server = createServer((incoming, outgoing) => {
    answer(incoming).then(
      ({ status, headers, body }) => outgoing.writeHead(status, headers).end(body),
      (error: unknown) => outgoing.writeHead(500).end(String(error)),
    );
  });
  // As on the servers behind it: who closes an idle connection first must be the client.
  server.keepAliveTimeout = 300_000;
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the recorder has no port");
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    connect: (to) => {
      upstream = to;
    },
    of: (caller) => [...(recorded.get(caller) ?? new Map<string, Call>()).values()],
    refuse: (caller, fits) => {
      const refusal = { caller, fits };
      refusals.add(refusal);
      return () => void refusals.delete(refusal);
    },
    meanwhile: (work) => {
      during = work;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      agent.destroy();
    },
  };
}

interface Reply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** Not repeated by any client: what AWS says where a permission is missing. */
function denial(): Reply {
  const body = JSON.stringify({ __type: "AccessDeniedException", message: "not authorized" });
  return {
    status: 400,
    headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-errortype": "AccessDeniedException" },
    body: Buffer.from(body),
  };
}

function exchangeOf(service: string, incoming: IncomingMessage, body: Buffer): Exchange {
  return {
    service,
    method: incoming.method ?? "GET",
    url: new URL(incoming.url ?? "/", "http://recorder"),
    target: String(incoming.headers["x-amz-target"] ?? "").split(".")[1] ?? "",
    body: body.toString(),
  };
}

async function forward(
  incoming: IncomingMessage,
  body: Buffer,
  { dynamodb, gateway, accessKeyId }: Upstream,
  service: string,
  agent: Agent,
): Promise<Reply> {
  const isDynamo = service === "dynamodb";
  const headers = { ...incoming.headers, "content-length": String(body.length) };
  // DynamoDB Local keeps a database for each key, and looks at no signature.
  if (isDynamo)
    headers.authorization = String(headers.authorization).replace(
      /Credential=[A-Za-z0-9]+/,
      `Credential=${accessKeyId}`,
    );
  const url = new URL(incoming.url ?? "/", isDynamo ? dynamodb : gateway);
  const reply = await new Promise<IncomingMessage>((replied, failed) => {
    const outgoing = send(url, { agent, method: incoming.method, headers });
    outgoing.once("response", replied);
    outgoing.once("error", failed);
    outgoing.end(body);
  });
  const kept = Object.entries(reply.headers).filter(
    ([name]) => !["connection", "keep-alive", "transfer-encoding", "content-length"].includes(name),
  );
  return {
    status: reply.statusCode ?? 502,
    headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
    body: await bytesOf(reply),
  };
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

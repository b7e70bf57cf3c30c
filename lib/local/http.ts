/**
 * The HTTP shell: one server on loopback, one function from request to answer. It knows nothing of AWS
 * but how its JSON protocols spell an error.
 */

import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { LOOPBACK } from "./ports.js";

/** Above SQS's message limit times its batch limit, with room for JSON's escapes, and above the largest value that is kept in S3. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Aborted when the client went away, so that a long poll does not take messages for nobody. */
  readonly gone: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** An error that the caller of a service may see, in AWS's own words. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
    /** The old name of the error in protocols that had another one before JSON (SQS). */
    readonly queryCode?: string,
  ) {
    super(message);
  }
}

/** Without an answer the connection is cut. */
export type Handle = (request: Request) => Promise<Answer | undefined>;

export interface RunningServer {
  readonly port: number;
  close(): Promise<void>;
}

export const serve = async (
  port: number,
  handle: Handle,
  onCrash: (error: unknown) => void,
): Promise<RunningServer> => {
  const server = createServer((incoming, outgoing) => {
    void respond(incoming, outgoing, handle, onCrash);
  });
  // Longer than any SDK keeps an idle connection: the side that closes first must be the client, or a
  // request that is already on its way meets a closed socket.
  server.keepAliveTimeout = 5 * 60_000;
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, LOOPBACK, resolve);
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The local server has no address.");
  return {
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const respond = async (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handle: Handle,
  onCrash: (error: unknown) => void,
): Promise<void> => {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  let answer: Answer | undefined;
  try {
    answer = await handle(await readRequest(incoming, gone.signal));
  } catch (error) {
    if (!(error instanceof ApiError)) onCrash(error);
    answer = jsonError(error);
  }
  if (answer === undefined) incoming.socket.destroy();
  if (answer === undefined || outgoing.destroyed) return;
  outgoing.writeHead(answer.status, {
    "x-amzn-requestid": randomUUID(),
    ...answer.headers,
    "content-length": Buffer.byteLength(answer.body),
  });
  outgoing.end(answer.body);
};

const readRequest = async (incoming: IncomingMessage, gone: AbortSignal): Promise<Request> => {
  const url = new URL(incoming.url ?? "/", `http://${LOOPBACK}`);
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(",") : value);
  }
  return {
    method: incoming.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    headers,
    gone,
    body: await readBody(incoming),
  };
};

const readBody = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > BODY_BYTES_MAX)
      throw new ApiError("RequestEntityTooLargeException", `The body exceeds ${BODY_BYTES_MAX} bytes.`, 413);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
};

/** An answer in AWS JSON 1.0 or 1.1, and in REST-JSON: the clients accept any of their content types. */
export const jsonAnswer = (value: unknown, status = 200, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { "content-type": "application/x-amz-json-1.0", ...headers },
  body: JSON.stringify(value ?? {}),
});

export const jsonError = (error: unknown): Answer => {
  const known = error instanceof ApiError ? error : new ApiError("InternalFailure", describe(error), 500);
  const side = known.status < 500 ? "Sender" : "Receiver";
  return jsonAnswer({ __type: known.code, message: known.message, Message: known.message }, known.status, {
    "x-amzn-errortype": known.code,
    ...(known.queryCode === undefined ? {} : { "x-amzn-query-error": `${known.queryCode};${side}` }),
  });
};

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));

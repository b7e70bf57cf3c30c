/**
 * What stands between everybody and DynamoDB while there is chaos: it hands calls on, and lets something happen to some of them.
 * Streams are read by event source mappings alone, which are no callers of AWS but part of it: nothing happens to them.
 */
import { Agent, type IncomingMessage, request as send } from "node:http";
import { type Answer, type Request, serve } from "../http.js";
import { tryParseJson } from "../json.js";
import type { Notify } from "../notices.js";
import { LOOPBACK } from "../ports.js";
import { disturbed } from "./calls.js";
import type { Chaos } from "./chaos.js";

const TARGET = "DynamoDB_20120810.";

/** Between two hops only, or made anew for the second one. */
const OF_ONE_HOP = ["connection", "keep-alive", "transfer-encoding", "content-length", "date"];

export const startDynamoDbProxy = async (
  upstream: string,
  port: number,
  chaos: Chaos,
  notify: Notify,
): Promise<{ readonly endpoint: string; close(): Promise<void> }> => {
  const agent = new Agent({ keepAlive: true });
  let closed = false;
  const handle = (request: Request): Promise<Answer | undefined> => {
    const target = request.headers.get("x-amz-target") ?? "";
    // What is still on its way when all has ended gets nowhere.
    const forwarded = async (): Promise<Answer | undefined> =>
      closed ? undefined : forward(request, upstream, agent);
    if (!target.startsWith(TARGET)) return forwarded();
    const operation = target.slice(TARGET.length);
    const input = (): unknown => tryParseJson(request.body.toString());
    return disturbed(chaos, { service: "dynamodb", operation, input }, forwarded);
  };
  const server = await serve(port, handle, (error) =>
    notify("error", `DynamoDB Local could not be asked: ${String(error)}`),
  );
  return {
    endpoint: `http://${LOOPBACK}:${server.port}`,
    close: async () => {
      closed = true;
      await server.close();
      agent.destroy();
    },
  };
};

const forward = async (request: Request, upstream: string, agent: Agent): Promise<Answer> => {
  const reply = await new Promise<IncomingMessage>((replied, failed) => {
    const url = new URL(request.path, upstream);
    for (const [name, value] of request.query) url.searchParams.append(name, value);
    const headers = { ...Object.fromEntries(request.headers), "content-length": request.body.length };
    const outgoing = send(url, { agent, method: request.method, headers });
    outgoing.once("response", replied);
    outgoing.once("error", failed);
    outgoing.end(request.body);
  });
  const chunks: Buffer[] = [];
  for await (const chunk of reply) chunks.push(Buffer.from(chunk));
  const headers = Object.entries(reply.headers).filter(([name]) => !OF_ONE_HOP.includes(name));
  return {
    status: reply.statusCode ?? 502,
    headers: Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
    body: Buffer.concat(chunks),
  };
};

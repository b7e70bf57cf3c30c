/**
 * One address for all services: which one a request is for can be told from the request itself. What is
 * for none of them is refused by name, so that a call to a service that is missing here never looks like
 * a network failure, and never reaches AWS.
 */
import { callQuery, type StackInfo } from "./cloudformation.js";
import { callEvents } from "./events/buses.js";
import { type Answer, ApiError, jsonAnswer, type Request, type RunningServer, serve } from "./http.js";
import { isObject, type JsonObject, tryParseJson } from "./json.js";
import { callLambda, isLambdaPath } from "./lambda/api.js";
import type { Notify } from "./notices.js";
import { LOOPBACK } from "./ports.js";
import { callS3, isS3Request } from "./s3/api.js";
import { callScheduler, isSchedulerPath } from "./scheduler/api.js";
import type { Services } from "./services.js";
import { callSqs } from "./sqs/api.js";

export interface GatewayServices extends Omit<Services, "start" | "stop" | "save"> {
  readonly stacks: readonly StackInfo[];
  readonly startedAtMs: number;
}

export class Gateway {
  private services: GatewayServices | undefined;
  private constructor(private server: RunningServer | undefined) {}

  /** Listens before the services exist, because the templates' names hold its address. */
  static async listen(wanted: number | undefined, notify: Notify): Promise<Gateway> {
    const gateway = new Gateway(undefined);
    const onCrash = (error: unknown): void =>
      notify("error", `The local cloud failed on a request: ${String(error)}`);
    const handle = (request: Request): Promise<Answer> => gateway.handle(request);
    try {
      gateway.server = await serve(wanted ?? 0, handle, onCrash);
    } catch (error) {
      if (wanted === undefined) throw error;
      notify(
        "warning",
        `The port ${wanted} is taken, so the local cloud listens on another one: ${String(error)}`,
      );
      gateway.server = await serve(0, handle, onCrash);
    }
    return gateway;
  }

  get port(): number {
    return this.server?.port ?? 0;
  }

  get endpoint(): string {
    return `http://${LOOPBACK}:${this.port}`;
  }

  open(services: GatewayServices): void {
    this.services = services;
  }

  async close(): Promise<void> {
    await this.server?.close();
  }

  private async handle(request: Request): Promise<Answer> {
    if (this.services === undefined)
      throw new ApiError("ServiceUnavailableException", "The local cloud is starting.", 503);
    return route(request, this.services, this.endpoint);
  }
}

const route = async (request: Request, services: GatewayServices, endpoint: string): Promise<Answer> => {
  if (isS3Request(request)) return callS3(request, services.buckets);
  const [service, operation] = (request.headers.get("x-amz-target") ?? "").split(".");
  if (service === "AmazonSQS") {
    const context = { queues: services.queues, endpoint, gone: request.gone };
    return jsonAnswer(await callSqs(operation ?? "", bodyOf(request), context));
  }
  if (service === "AWSEvents")
    return jsonAnswer(callEvents(operation ?? "", bodyOf(request), services.buses));
  if (isSchedulerPath(request.path)) return callScheduler(request, services.schedules, services.clock.now());
  if (isLambdaPath(request.path)) return callLambda(request, services.functions, services.asynchronous);
  if (request.headers.get("content-type")?.startsWith("application/x-www-form-urlencoded") === true)
    return callQuery(new URLSearchParams(request.body.toString()), services.stacks, services.startedAtMs);
  throw new ApiError(
    "UnknownOperationException",
    `The local cloud has S3 (single objects), SQS, EventBridge, Scheduler, Lambda (Invoke), CloudFormation (DescribeStacks) and DynamoDB; it can't answer ${request.method} ${request.path} (${request.headers.get("x-amz-target") ?? "no X-Amz-Target"}).`,
    404,
  );
};

const bodyOf = (request: Request): JsonObject => {
  const body = request.body.length === 0 ? {} : tryParseJson(request.body.toString());
  if (isObject(body)) return body;
  throw new ApiError("SerializationException", "The body must be a JSON object.");
};

/**
 * One address for all services: which one a request is for can be told from the request itself. What is
 * for none of them is refused by name, so that a call to a service that is missing here never looks like
 * a network failure, and never reaches AWS.
 */
import { type Call, disturbed } from "./chaos/calls.js";
import type { Chaos } from "./chaos/chaos.js";
import type { CalledService } from "./chaos/settings.js";
import { callQuery, type StackInfo } from "./cloudformation.js";
import { callEvents } from "./events/buses.js";
import { type Answer, ApiError, jsonAnswer, type Request, type RunningServer, serve } from "./http.js";
import { isObject, type JsonObject, tryParseJson } from "./json.js";
import { callLambda, isLambdaPath } from "./lambda/api.js";
import { NotBegunError } from "./lambda/not-begun.js";
import type { Notify } from "./notices.js";
import { LOOPBACK } from "./ports.js";
import { callS3, isS3Request } from "./s3/api.js";
import { callScheduler, isSchedulerPath } from "./scheduler/api.js";
import type { Services } from "./services.js";
import { callSqs } from "./sqs/api.js";

export interface GatewayServices extends Omit<Services, "start" | "stop" | "save"> {
  readonly stacks: readonly StackInfo[];
  readonly startedAtMs: number;
  /** Resolves when everything that has changed so far would outlive this process. */
  readonly durable: () => Promise<void>;
  readonly chaos: Chaos | undefined;
}

export class Gateway {
  private services: GatewayServices | undefined;
  /** Between two deploys: requests wait for the services of the next one. */
  private held = false;
  /** No other services are to come. */
  private last = false;
  private readonly waiting = new Set<() => void>();
  private constructor(private server: RunningServer | undefined) {}

  /** Listens before the services exist, because the templates' names hold its address. */
  static async listen(wanted: number | undefined, notify: Notify): Promise<Gateway> {
    const gateway = new Gateway(undefined);
    const onCrash = (error: unknown): void =>
      notify("error", `The local cloud failed on a request: ${String(error)}`);
    const handle = (request: Request): Promise<Answer | undefined> => gateway.handle(request);
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
    this.held = false;
    this.changed();
  }

  /** From here on, requests wait until the gateway is opened again. */
  hold(): void {
    this.held = true;
  }

  /** It won't be opened again: what would wait for that is refused. */
  end(): void {
    this.last = true;
    this.changed();
  }

  async close(): Promise<void> {
    this.hold();
    this.end();
    await this.server?.close();
  }

  /**
   * Asks the services that are there, or those of the next deploy: while there are none, and where the function that is asked for is just being
   * closed.
   * @throws ApiError when there are none any more
   */
  async ask<T>(question: (services: GatewayServices) => Promise<T>): Promise<T> {
    for (;;) {
      const services = await this.opened();
      try {
        return await question(services);
      } catch (error) {
        if (!(error instanceof NotBegunError)) throw error;
        while (this.services === services && !this.last) await this.change();
        if (this.services === services) throw error;
      }
    }
  }

  private async opened(): Promise<GatewayServices> {
    while (this.held && !this.last) await this.change();
    const { services } = this;
    if (services !== undefined && !this.held) return services;
    const doing = this.last ? "stopping" : "starting";
    throw new ApiError("ServiceUnavailableException", `The local cloud is ${doing}.`, 503);
  }

  private change(): Promise<void> {
    return new Promise((resolve) => this.waiting.add(resolve));
  }

  private changed(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }

  private async handle(request: Request): Promise<Answer | undefined> {
    const service = serviceOf(request);
    const { chaos } = await this.opened();
    // Asked for anew when it has come through: what was delayed on its way may find a deploy behind it.
    const run = (): Promise<Answer> =>
      this.ask(async (services) => {
        const answer = await answerOf(service, request, services, this.endpoint);
        // What a caller was told must be true after a crash, too.
        await services.durable();
        return answer;
      });
    if (chaos === undefined || service === undefined) return run();
    return disturbed(chaos, callOf(service, request), run);
  }
}

const serviceOf = (request: Request): CalledService | undefined => {
  if (isS3Request(request)) return "s3";
  const [service] = (request.headers.get("x-amz-target") ?? "").split(".");
  if (service === "AmazonSQS") return "sqs";
  if (service === "AWSEvents") return "eventbridge";
  if (isSchedulerPath(request.path)) return "scheduler";
  if (isLambdaPath(request.path)) return "lambda";
  const form = request.headers.get("content-type")?.startsWith("application/x-www-form-urlencoded");
  return form === true ? "cloudformation" : undefined;
};

const operationOf = (request: Request): string => request.headers.get("x-amz-target")?.split(".")[1] ?? "";

/** What REST calls do is in their method. */
const callOf = (service: CalledService, request: Request): Call => ({
  service,
  operation: operationOf(request) || request.method,
  input: () => tryParseJson(request.body.toString()),
});

const answerOf = async (
  service: CalledService | undefined,
  request: Request,
  services: GatewayServices,
  endpoint: string,
): Promise<Answer> => {
  switch (service) {
    case "s3":
      return callS3(request, services.buckets);
    case "sqs": {
      const context = { queues: services.queues, endpoint, gone: request.gone };
      return jsonAnswer(await callSqs(operationOf(request), bodyOf(request), context));
    }
    case "eventbridge":
      return jsonAnswer(callEvents(operationOf(request), bodyOf(request), services.buses));
    case "scheduler":
      return callScheduler(request, services.schedules, services.clock.now());
    case "lambda":
      return callLambda(request, services.functions, services.asynchronous);
    case "cloudformation":
      return callQuery(new URLSearchParams(request.body.toString()), services.stacks, services.startedAtMs);
    default:
      throw notHere(request);
  }
};

const notHere = (request: Request): ApiError =>
  new ApiError(
    "UnknownOperationException",
    `The local cloud has S3 (single objects), SQS, EventBridge, Scheduler, Lambda (Invoke), CloudFormation (DescribeStacks) and DynamoDB; it can't answer ${request.method} ${request.path} (${request.headers.get("x-amz-target") ?? "no X-Amz-Target"}).`,
    404,
  );

const bodyOf = (request: Request): JsonObject => {
  const body = request.body.length === 0 ? {} : tryParseJson(request.body.toString());
  if (isObject(body)) return body;
  throw new ApiError("SerializationException", "The body must be a JSON object.");
};

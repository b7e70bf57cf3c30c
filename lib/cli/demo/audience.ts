/** Somebody else on the bus: a rule and a queue of its own in the demo's template, read here as any consumer would. */
import { DeleteMessageCommand, ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";

export interface HeardEvent {
  /** The `detail-type`. */
  readonly name: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly resources: readonly string[];
}

export class Audience {
  readonly #heard: HeardEvent[] = [];
  readonly #stop = new AbortController();
  readonly #listening: Promise<void>;
  /** Called with each event as it comes. */
  onEvent: (event: HeardEvent) => void = () => {};

  constructor(
    private readonly sqs: SQSClient,
    private readonly queueUrl: string,
  ) {
    // Once it is told to stop, a receive that was under way ends with an error; that is no news.
    this.#listening = this.#listen().catch((error: unknown) => {
      if (!this.#stop.signal.aborted) throw error;
    });
    this.#listening.catch(() => {});
  }

  /** What was heard with such a field in its payload. */
  heard(name: string, orderId: string): readonly HeardEvent[] {
    return this.#heard.filter((event) => event.name === name && event.detail.orderId === orderId);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#listening.catch(() => {});
  }

  async #listen(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const { Messages = [] } = await this.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: this.queueUrl,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: 20,
        }),
        { abortSignal: this.#stop.signal, requestTimeout: 25_000 },
      );
      for (const { Body: body, ReceiptHandle: receipt } of Messages) {
        this.#take(readEvent(body ?? "{}"));
        await this.sqs.send(new DeleteMessageCommand({ QueueUrl: this.queueUrl, ReceiptHandle: receipt }));
      }
    }
  }

  #take(event: HeardEvent): void {
    this.#heard.push(event);
    this.onEvent(event);
  }
}

function readEvent(body: string): HeardEvent {
  const found: Record<string, unknown> = JSON.parse(body);
  const { detail, resources } = found;
  return {
    name: String(found["detail-type"]),
    detail: typeof detail === "object" && detail !== null ? { ...detail } : {},
    resources: Array.isArray(resources) ? resources.map(String) : [],
  };
}

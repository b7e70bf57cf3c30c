/** Hears everything that the soak's executions put on the bus, through a queue behind a rule, like any consumer. */
import { DeleteMessageCommand, ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";

const ID = "holdfast:event:";

export class Ear {
  /** Stable ids by the queue's own message: one that the queue delivers twice was published once. */
  readonly #heard = new Map<string, string>();
  readonly #stop = new AbortController();
  readonly #listening: Promise<void>;

  constructor(
    private readonly sqs: SQSClient,
    private readonly queueUrl: string,
  ) {
    this.#listening = this.#listen();
  }

  get heard(): string[] {
    return [...this.#heard.values()];
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#listening;
  }

  async #listen(): Promise<void> {
    // Calls fail on purpose here: what was not received, or not deleted, comes again.
    while (!this.#stop.signal.aborted) await this.#take().catch(() => {});
  }

  async #take(): Promise<void> {
    const abortSignal = this.#stop.signal;
    const receive = { QueueUrl: this.queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 5 };
    const { Messages = [] } = await this.sqs.send(new ReceiveMessageCommand(receive), { abortSignal });
    for (const { MessageId = "", Body = "{}", ReceiptHandle } of Messages) {
      this.#heard.set(MessageId, idOf(Body));
      await this.sqs.send(new DeleteMessageCommand({ QueueUrl: this.queueUrl, ReceiptHandle }), {
        abortSignal,
      });
    }
  }
}

function idOf(body: string): string {
  const { resources }: { resources?: readonly string[] } = JSON.parse(body);
  return resources?.find((one) => one.startsWith(ID))?.slice(ID.length) ?? "without an id";
}

/** Hears everything that the executions put on the bus, through a queue behind a rule, like any consumer. */
import { DeleteMessageCommand, ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";

const ID = "holdfast:event:";

export interface Heard {
  /** The stable one, under which it is published again. */
  readonly id: string;
  readonly by: string;
  readonly what: string;
}

export class Ear {
  /** By the queue's own message: one that the queue delivers twice was published once. */
  readonly #heard = new Map<string, Heard>();
  readonly #stop = new AbortController();
  readonly #listening: Promise<void>;

  constructor(
    private readonly sqs: SQSClient,
    private readonly queueUrl: string,
  ) {
    this.#listening = this.#listen();
  }

  get heard(): Heard[] {
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
      this.#heard.set(MessageId, read(Body));
      await this.sqs.send(new DeleteMessageCommand({ QueueUrl: this.queueUrl, ReceiptHandle }), {
        abortSignal,
      });
    }
  }
}

function read(body: string): Heard {
  const { resources, detail }: { resources?: readonly string[]; detail: Omit<Heard, "id"> } =
    JSON.parse(body);
  const id = resources?.find((one) => one.startsWith(ID))?.slice(ID.length) ?? "without an id";
  return { ...detail, id };
}

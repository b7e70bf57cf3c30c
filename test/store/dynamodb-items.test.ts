/** What only the DynamoDB store has: half-done writes, sparse attributes, items that can't be read, throttled batches, stream images. */
import { type AttributeValue, ProvisionedThroughputExceededException } from "@aws-sdk/client-dynamodb";
import { type DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";
import { beforeAll, describe, expect, test } from "vitest";
import { compress } from "../../lib/model/compression.js";
import { CorruptHistoryError } from "../../lib/model/errors.js";
import { createDynamoStore, parseOutboxImage } from "../../lib/store/dynamodb/index.js";
import { messageItem } from "../../lib/store/dynamodb/message-item.js";
import { identityItem } from "../../lib/store/dynamodb/recent-event-item.js";
import { createMemoryPayloads } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { incompressible } from "../setup/text.js";
import {
  COMPLETED,
  commit,
  execution,
  FAILED,
  largeMessage,
  lease,
  message,
  outgoing,
  owned,
  recentEvent,
  STALLED,
  SUSPENDED,
  settlementOf,
  stepCompleted,
  T0,
} from "./builders.js";

const TABLES = { executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };

let documents: DynamoDBDocumentClient;
let store: Store;

beforeAll(async () => {
  const dynamo = freshDynamo();
  documents = dynamo.documents;
  await createTables(dynamo.client);
  store = createDynamoStore({ documents, ...TABLES }, createMemoryPayloads());
});

const itemAt = async (pk: string, sk: string): Promise<Record<string, unknown> | undefined> =>
  (
    await documents.send(
      new GetCommand({ TableName: EXECUTIONS_TABLE, Key: { pk, sk }, ConsistentRead: true }),
    )
  ).Item;

/** A client whose every write of the given kind is done, and whose reply is then lost, the first time. */
const losingReplies = (): Store => {
  const dynamo = freshDynamo();
  const lossy = dynamo.documents;
  // The same database: DynamoDB Local keeps one for each access key id.
  lossy.config.credentials = documents.config.credentials;
  const seen = new Set<string>();
  lossy.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const request = JSON.stringify(args.input);
      if (seen.has(request)) return answer;
      seen.add(request);
      // Throttling is retried by the client: to it, the first try did not happen.
      throw new ProvisionedThroughputExceededException({
        message: "the reply was lost",
        $metadata: { httpStatusCode: 400 },
      });
    },
    { step: "finalizeRequest", priority: "low", name: "loseFirstReply" },
  );
  return createDynamoStore({ documents: lossy, ...TABLES }, createMemoryPayloads());
};

describe("a client that retries a write whose reply was lost", () => {
  test("learns that each write was its own", async () => {
    const lossy = losingReplies();
    const created = await lossy.createExecution(execution("lossy", { lease: lease("first") }));
    expect(created).toMatchObject({ created: true, head: { epoch: 1 } });
    expect(await lossy.appendCommit(commit("lossy", 1, { outgoing: [outgoing("e1")] }), T0)).toEqual({
      appended: true,
    });
    expect((await lossy.appendMessage("lossy", message("m1"))).outcome).toBe("duplicate");
    const states = [{ state: "published", tries: 1 }] as const;
    expect(await lossy.markOutbox({ executionId: "lossy", slot: 1, version: 0, states })).toEqual({
      marked: true,
    });
    expect(
      await lossy.settle({ ...settlementOf(created.head, SUSPENDED), inboxSeq: 1, drained: ["m1"] }),
    ).toEqual({ settled: true });
    const taken = await lossy.acquireLease({ executionId: "lossy", seen: { epoch: 1 }, ...lease("second") });
    expect(taken).toMatchObject({ acquired: true, head: { epoch: 2, inbox: [] } });
    expect(await lossy.saveCursor("lossy", "one", 0)).toEqual({ saved: true });
    expect((await lossy.putRecentEvent(recentEvent("lossy"))).recorded).toEqual(recentEvent("lossy"));
    expect(await store.loadHistory("lossy", 0)).toHaveLength(1);
  });
});

describe("a write of two items that was cut short", () => {
  test("a message that was written and not counted is counted by the repeat", async () => {
    const head = await owned(store, "cut");
    const large = largeMessage("m1", 2_000);
    await documents.send(new PutCommand({ TableName: EXECUTIONS_TABLE, Item: messageItem("cut", large) }));
    const answer = await store.appendMessage("cut", large);
    expect(answer).toMatchObject({ outcome: "duplicate", head: { inboxSeq: 1, inboxItems: 1 } });
    expect(await store.loadMessages("cut")).toEqual([large]);
    expect(await store.settle(settlementOf(head, SUSPENDED))).toMatchObject({ settled: false });
  });

  test("a keyless event whose id alone was recorded is recorded by the repeat, at the first time", async () => {
    const { key: _key, ...event } = recentEvent("cut", { name: "cut" });
    await documents.send(new PutCommand({ TableName: DIRECTORY_TABLE, Item: identityItem(event) }));
    const answer = await store.putRecentEvent({ ...event, recordedAt: T0 + 60_000 });
    expect(answer).toEqual({ first: false, recorded: event });
    expect(await store.findRecentEvents({ name: "cut", since: T0 })).toEqual([event]);
  });
});

describe("sparse attributes", () => {
  const statusKey = async (id: string): Promise<string | undefined> => {
    const found = (await itemAt(id, "head"))?.st;
    return found === undefined ? undefined : String(found).replace(/#\d$/, "");
  };

  test.each([
    ["suspended", SUSPENDED, "open"],
    ["completed", COMPLETED, undefined],
    ["failed", FAILED, "failed"],
    ["stalled", STALLED, "stalled"],
    ["cancelled", { status: "cancelled", closedAt: T0 } as const, undefined],
    ["terminated", { status: "terminated", closedAt: T0 } as const, undefined],
    ["continued", { status: "continued", closedAt: T0 } as const, undefined],
  ])("a %s execution is in the status index as it should be", async (name, settlement, bucket) => {
    const head = await owned(store, `sparse-${name}`);
    expect(await statusKey(head.executionId)).toBe("open");
    await store.settle(settlementOf(head, settlement));
    expect(await statusKey(head.executionId)).toBe(bucket);
  });

  test("createdAt and wf are never rewritten: they are the index's own key", async () => {
    const head = await owned(store, "keys-stay");
    const before = await itemAt("keys-stay", "head");
    await store.settle(settlementOf(head, FAILED));
    const after = await itemAt("keys-stay", "head");
    expect([after?.createdAt, after?.wf]).toEqual([before?.createdAt, before?.wf]);
  });

  test("the pending index holds keys, and only of marked commits", async () => {
    await store.appendCommit(commit("marked", 1, { outgoing: [outgoing("e1")] }), T0);
    await store.appendCommit(commit("marked", 2));
    const item = await itemAt("marked", "commit#0000000001");
    const inIndex = async () =>
      (
        await documents.send(
          new QueryCommand({
            TableName: EXECUTIONS_TABLE,
            IndexName: "outboxPending",
            KeyConditionExpression: "ob = :shard",
            ExpressionAttributeValues: { ":shard": item?.ob },
          }),
        )
      ).Items?.filter((one) => one.pk === "marked");
    expect(await inIndex()).toEqual([{ pk: "marked", sk: "commit#0000000001", ob: item?.ob, obAt: T0 }]);
    await store.markOutbox({
      executionId: "marked",
      slot: 1,
      version: 0,
      states: [{ state: "published", tries: 1 }],
    });
    expect(await inIndex()).toEqual([]);
  });

  test("a recent event is left to the table to delete, two days after it was recorded", async () => {
    await store.putRecentEvent(recentEvent("ttl", { key: "ttl" }));
    const { Item } = await documents.send(
      new GetCommand({ TableName: DIRECTORY_TABLE, Key: { pk: "recent#payment.completed#ttl", sk: "ttl" } }),
    );
    expect(Item?.ttl).toBe(T0 / 1_000 + 2 * 86_400);
  });

  test("what is empty takes no room in a head", async () => {
    await store.createExecution(execution("lean"));
    const names = Object.keys((await itemAt("lean", "head")) ?? {}).sort();
    expect(names).toEqual(
      [
        "createToken",
        "createdAt",
        "def",
        "epoch",
        "inbox",
        "inboxSeq",
        "input",
        "pk",
        "sk",
        "slot",
        "st",
        "status",
        "wf",
      ].sort(),
    );
  });
});

describe("what would take more than a write unit", () => {
  const wordy = { ...recentEvent("r1"), data: "word ".repeat(1_000) };
  const events = [stepCompleted("step/wordy", wordy.data)];

  test("is kept as compressed bytes where they take fewer, and is read as it was", async () => {
    const { executionId } = await owned(store, "compressed");
    await store.appendCommit(commit(executionId, 1, { events }));
    await store.appendMessage(executionId, message("m1", { data: wordy.data }));
    await store.putRecentEvent({ ...wordy, key: "compressed" });
    expect((await itemAt(executionId, "commit#0000000001"))?.events).toBeInstanceOf(Uint8Array);
    expect((await itemAt(executionId, "inbox#m1"))?.message).toBeInstanceOf(Uint8Array);
    expect(await store.loadHistory(executionId, 0)).toEqual([commit(executionId, 1, { events })]);
    expect(await store.loadMessages(executionId)).toEqual([message("m1", { data: wordy.data })]);
    const request = { name: wordy.name, key: "compressed", since: T0 };
    expect(await store.findRecentEvents(request)).toEqual([{ ...wordy, key: "compressed" }]);
  });

  test("is shown to whoever finds its slot taken", async () => {
    const { executionId } = await owned(store, "compressed-race");
    await store.appendCommit(commit(executionId, 1, { events, token: "theirs" }));
    expect(await store.appendCommit(commit(executionId, 1, { token: "ours" }))).toEqual({
      appended: false,
      found: commit(executionId, 1, { events, token: "theirs" }),
    });
  });

  test("stays text where bytes would take as many, and is read from either", async () => {
    const { executionId } = await owned(store, "not-compressed");
    const random = [stepCompleted("step/random", incompressible(1_500))];
    await store.appendCommit(commit(executionId, 1, { events: random }));
    expect(typeof (await itemAt(executionId, "commit#0000000001"))?.events).toBe("string");
    expect(await store.loadHistory(executionId, 0)).toEqual([commit(executionId, 1, { events: random })]);
  });
});

describe("an item that can't be read", () => {
  const damage = async (pk: string, sk: string, change: Record<string, unknown>): Promise<void> => {
    const kept = Object.entries({ ...(await itemAt(pk, sk)), ...change }).filter(
      ([, value]) => value !== undefined,
    );
    await documents.send(new PutCommand({ TableName: EXECUTIONS_TABLE, Item: Object.fromEntries(kept) }));
  };

  test.each([
    ["status", "melted", "one of running"],
    ["epoch", "one", "a number"],
    ["createToken", undefined, "text"],
    ["input", "{", "JSON"],
    ["input", undefined, "text"],
    ["lease", "none", "a map"],
    ["waits", "{}", "a JSON list"],
    ["inbox", { m1: 3 }, "a map of texts"],
    ["compensation", "some", "one of none"],
  ])("a head with a bad %s (%j) is named, with what was expected", async (attribute, value, expected) => {
    const id = `damaged-${attribute}-${JSON.stringify(value)}`;
    await owned(store, id);
    await damage(id, "head", { [attribute]: value });
    await expect(store.readHead(id)).rejects.toThrow(CorruptHistoryError);
    await expect(store.readHead(id)).rejects.toThrow(
      `pk "${id}", sk "head", the attribute "${attribute}" should be ${expected}`,
    );
  });

  test("a commit too", async () => {
    await store.appendCommit(commit("bad-commit", 1));
    await damage("bad-commit", "commit#0000000001", { events: "[" });
    await expect(store.loadHistory("bad-commit", 0)).rejects.toThrow(
      'sk "commit#0000000001", the attribute "events"',
    );
    await damage("bad-commit", "commit#0000000001", { events: Uint8Array.from([1, 2, 3]) });
    await expect(store.loadHistory("bad-commit", 0)).rejects.toThrow(
      'sk "commit#0000000001", the attribute "events" should be text or compressed text',
    );
  });

  test("and a payload", async () => {
    await store.putPayload("bad-payload", "input", "1");
    await damage("bad-payload", "payload#input", { value: 7 });
    await expect(store.getPayload("bad-payload", "input")).rejects.toThrow(CorruptHistoryError);
  });
});

describe("a listing under throttling", () => {
  /** A client whose batches are left unprocessed as a whole, `times` times; it counts them. */
  const throttled = (times: number): { store: Store; batches: () => number } => {
    const dynamo = freshDynamo();
    dynamo.documents.config.credentials = documents.config.credentials;
    let batches = 0;
    dynamo.documents.middlewareStack.add(
      (next, context) => async (args) => {
        const answer = await next(args);
        if (context.commandName !== "BatchGetItemCommand") return answer;
        batches += 1;
        if (batches > times) return answer;
        return {
          ...answer,
          output: {
            ...answer.output,
            Responses: {},
            UnprocessedKeys: Reflect.get(args.input, "RequestItems"),
          },
        };
      },
      { step: "initialize", priority: "low", name: "throttle" },
    );
    return {
      store: createDynamoStore({ documents: dynamo.documents, ...TABLES }, createMemoryPayloads()),
      batches: () => batches,
    };
  };

  test("asks again for the heads that were left out", async () => {
    await store.createExecution(execution("throttled", { workflow: "throttled" }));
    const slow = throttled(2);
    const page = await slow.store.listExecutions({ workflow: "throttled", limit: 5 });
    expect(page.items.map((one) => one.executionId)).toEqual(["throttled"]);
    expect(slow.batches()).toBe(3);
  });

  test("gives up after a bounded number of tries, and says so", async () => {
    await store.createExecution(execution("throttled-long", { workflow: "throttled" }));
    const stuck = throttled(1_000);
    await expect(stuck.store.listExecutions({ workflow: "throttled", limit: 5 })).rejects.toThrow(
      "is throttled",
    );
    expect(stuck.batches()).toBe(7);
  });
});

describe("a stream record's image", () => {
  const image: Record<string, AttributeValue> = {
    pk: { S: "o-1" },
    sk: { S: "commit#0000000007" },
    epoch: { N: "1" },
    token: { S: "t" },
    events: { S: "[]" },
    out: { S: JSON.stringify([outgoing("e1")]) },
    ob: { S: "pending#3" },
    obAt: { N: String(T0) },
  };

  test("of a commit with outgoing events is its outbox, just as the store reads it", async () => {
    expect(parseOutboxImage(image)).toEqual({
      executionId: "o-1",
      slot: 7,
      outgoing: [outgoing("e1")],
      states: [{ state: "pending", tries: 0 }],
      version: 0,
      pendingAt: T0,
    });
  });

  test("of a commit whose events are compressed, too", () => {
    const compressed = { ...image, events: { B: compress("[]") } };
    expect(parseOutboxImage(compressed)).toEqual(parseOutboxImage(image));
  });

  test("of a commit that was marked has its states", () => {
    const states = [{ state: "failed", tries: 2, lastError: "throttled" }];
    const marked = { ...image, outStates: { S: JSON.stringify(states) }, outVersion: { N: "3" } };
    expect(parseOutboxImage(marked)).toMatchObject({ states, version: 3 });
  });

  test.each([
    ["a commit without outgoing events", "commit#0000000007"],
    ["a head", "head"],
    ["a message", "inbox#m1"],
  ])("of %s is undefined", (_what, sk) => {
    const { out: _out, ...rest } = image;
    expect(parseOutboxImage({ ...rest, sk: { S: sk } })).toBeUndefined();
    expect(parseOutboxImage({})).toBeUndefined();
  });

  test("that can't be read is an error that names it", () => {
    expect(() => parseOutboxImage({ ...image, out: { S: "[" } })).toThrow(CorruptHistoryError);
  });
});

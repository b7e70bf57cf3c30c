/** What only the DynamoDB store has: half-done writes, sparse attributes, items that can't be read, throttled batches, stream images. */
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  ProvisionedThroughputExceededException,
  TransactionCanceledException,
} from "@aws-sdk/client-dynamodb";
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
} from "@aws-sdk/lib-dynamodb";
import { beforeAll, describe, expect, test } from "vitest";
import { compress } from "../../lib/model/compression.js";
import { CorruptHistoryError, InvalidTransactionError } from "../../lib/model/errors.js";
import { digest } from "../../lib/model/ids.js";
import type { TransactionAction } from "../../lib/model/transaction.js";
import { deleteItemParams, itemKeysParams } from "../../lib/store/dynamodb/delete-items.js";
import { createDynamoStore, parseOutboxImage } from "../../lib/store/dynamodb/index.js";
import { messageItem } from "../../lib/store/dynamodb/message-item.js";
import { identityItem } from "../../lib/store/dynamodb/recent-event-item.js";
import { createMemoryPayloads } from "../../lib/store/memory/index.js";
import type { Store } from "../../lib/store/ports.js";
import { freshDynamo } from "../setup/client.js";
import { createTables, DIRECTORY_TABLE, EXECUTIONS_TABLE } from "../setup/tables.js";
import { incompressible } from "../setup/text.js";
import { ACCOUNTS_TABLE, type Accounts, add, dynamoAccounts, open } from "./accounts.js";
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
  redrive,
  STALLED,
  SUSPENDED,
  settlementOf,
  stepCompleted,
  T0,
} from "./builders.js";

const TABLES = { executionsTable: EXECUTIONS_TABLE, directoryTable: DIRECTORY_TABLE };

let documents: DynamoDBDocumentClient;
let store: Store;
let accounts: Accounts;

beforeAll(async () => {
  const dynamo = freshDynamo();
  documents = dynamo.documents;
  await createTables(dynamo.client);
  accounts = await dynamoAccounts(dynamo.client, documents);
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

  test("does a transaction once, and its user's writes with it", async () => {
    const lossy = losingReplies();
    const one = commit("lossy-tx", 1);
    expect(await lossy.commitTransaction(one, [open("lossy", 5)])).toEqual({ outcome: "appended" });
    expect(await lossy.commitTransaction(commit("lossy-tx", 2), [add("lossy", 2)])).toEqual({
      outcome: "appended",
    });
    expect(await accounts.balance("lossy")).toBe(7);
    expect(await store.loadHistory("lossy-tx", 0)).toHaveLength(2);
  });

  test("reopens once, with one message", async () => {
    const head = await owned(store, "lossy-reopen");
    await store.settle(settlementOf(head, FAILED));
    expect(await losingReplies().reopen("lossy-reopen", { epoch: 1 }, redrive("r1"))).toMatchObject({
      reopened: true,
      head: { inboxSeq: 1, inbox: [redrive("r1")] },
    });
  });
});

describe("a transaction", () => {
  const read = async (id: string) =>
    (await documents.send(new GetCommand({ TableName: ACCOUNTS_TABLE, Key: { id }, ConsistentRead: true })))
      .Item;

  test("takes every kind of action, with the document client's values", async () => {
    const at = { TableName: ACCOUNTS_TABLE };
    const rich = {
      tags: new Set(["a", "b"]),
      bytes: new Uint8Array([1, 2, 3]),
      big: 9_007_199_254_740_993n,
      deep: [{ none: null, yes: true }],
    };
    await store.commitTransaction(commit("shapes", 1), [
      { Put: { ...at, Item: { id: "s-put", ...rich } } },
      { Put: { ...at, Item: { id: "s-gone" } } },
      { Put: { ...at, Item: { id: "s-checked", open: true } } },
    ]);
    expect(await read("s-put")).toEqual({ id: "s-put", ...rich });
    const answer = await store.commitTransaction(commit("shapes", 2), [
      { Update: { ...at, Key: { id: "s-put" }, UpdateExpression: "REMOVE deep" } },
      { Delete: { ...at, Key: { id: "s-gone" }, ConditionExpression: "attribute_exists(id)" } },
      {
        ConditionCheck: {
          ...at,
          Key: { id: "s-checked" },
          ConditionExpression: "#open = :yes",
          ExpressionAttributeNames: { "#open": "open" },
          ExpressionAttributeValues: { ":yes": true },
        },
      },
    ]);
    expect(answer).toEqual({ outcome: "appended" });
    const { deep: _deep, ...rest } = rich;
    expect(await read("s-put")).toEqual({ id: "s-put", ...rest });
    expect(await read("s-gone")).toBeUndefined();
    // What stood in the way comes back in the same values.
    const refused = await store.commitTransaction(commit("shapes", 3), [
      {
        Put: {
          ...at,
          Item: { id: "s-put" },
          ConditionExpression: "attribute_not_exists(id)",
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
      },
    ]);
    expect(refused).toMatchObject({ outcome: "refused", reasons: [{ item: { id: "s-put", ...rest } }] });
  });

  test("whose process dies before the call has done nothing, and after it everything", async () => {
    const dies = (when: "before" | "after"): Store => {
      const dynamo = freshDynamo();
      dynamo.documents.config.credentials = documents.config.credentials;
      dynamo.documents.middlewareStack.add(
        (next, context) => async (args) => {
          if (context.commandName !== "TransactWriteItemsCommand") return next(args);
          if (when === "after") await next(args);
          throw new Error(`the process died ${when}`);
        },
        { step: "initialize", priority: "low", name: "die" },
      );
      return createDynamoStore({ documents: dynamo.documents, ...TABLES }, createMemoryPayloads());
    };
    const one = commit("dies", 1);
    await expect(dies("before").commitTransaction(one, [open("dies", 1)])).rejects.toThrow("died before");
    expect([await store.loadHistory("dies", 0), await accounts.balance("dies")]).toEqual([[], undefined]);
    await expect(dies("after").commitTransaction(one, [open("dies", 1)])).rejects.toThrow("died after");
    expect([await store.loadHistory("dies", 0), await accounts.balance("dies")]).toEqual([[one], 1]);
    expect(await store.commitTransaction(one, [open("dies", 1)])).toEqual({ outcome: "appended" });
    // Another owner, which runs the step again after a takeover, is fenced by the slot.
    expect(
      await store.commitTransaction(commit("dies", 1, { token: "other" }), [add("dies", 1)]),
    ).toMatchObject({ outcome: "taken" });
    expect(await accounts.balance("dies")).toBe(1);
  });

  test.each<[string, TransactionAction[]]>([
    [
      "an expression that is none",
      [{ Delete: { TableName: ACCOUNTS_TABLE, Key: { id: "v" }, ConditionExpression: "((" } }],
    ],
    ["a key that is not the table's", [{ Delete: { TableName: ACCOUNTS_TABLE, Key: { name: "v" } } }]],
  ])("that DynamoDB finds malformed (%s) is an error for good", async (_what, actions) => {
    const attempt = store.commitTransaction(commit("malformed", 1), actions);
    await expect(attempt).rejects.toThrow(InvalidTransactionError);
    await expect(attempt).rejects.toThrow("DynamoDB says");
    expect(await store.loadHistory("malformed", 0)).toEqual([]);
  });

  test("on a table that is not there is refused, not thrown: its step fails and is tried again", async () => {
    const answer = await store.commitTransaction(commit("no-table", 1), [
      { Put: { TableName: "Nowhere", Item: { id: "x" } } },
    ]);
    expect(answer).toMatchObject({ outcome: "refused", reasons: [{ code: "ResourceNotFoundException" }] });
  });

  describe("that DynamoDB cancels for what it can't be made to do here", () => {
    const cancelled = (...codes: string[]): Store => {
      const dynamo = freshDynamo();
      dynamo.documents.config.credentials = documents.config.credentials;
      dynamo.documents.middlewareStack.add(
        (next, context) => async (args) => {
          if (context.commandName !== "TransactWriteItemsCommand") return next(args);
          throw new TransactionCanceledException({
            message: "Transaction cancelled",
            CancellationReasons: codes.map((Code) => ({ Code })),
            $metadata: { httpStatusCode: 400 },
          });
        },
        { step: "initialize", priority: "low", name: "cancel" },
      );
      return createDynamoStore({ documents: dynamo.documents, ...TABLES }, createMemoryPayloads());
    };

    test.each(["TransactionConflict", "ThrottlingError", "ConditionalCheckFailed"])(
      "is thrown when only our own item was at fault (%s) and its slot is free",
      async (code) => {
        const attempt = cancelled(code, "None").commitTransaction(commit("own", 1), [open("o", 1)]);
        await expect(attempt).rejects.toThrow(TransactionCanceledException);
      },
    );

    test("is refused when the user's item was in conflict with another transaction", async () => {
      const answer = cancelled("None", "TransactionConflict", "None").commitTransaction(commit("own", 1), [
        open("o", 1),
        open("p", 1),
      ]);
      expect(await answer).toEqual({
        outcome: "refused",
        reasons: [{ code: "TransactionConflict" }, { code: "None" }],
      });
    });

    test("is our own success when the slot holds it, whatever the reasons say", async () => {
      const one = commit("told-otherwise", 1);
      await store.appendCommit(one);
      const answer = await cancelled("None", "ConditionalCheckFailed").commitTransaction(one, [open("o", 1)]);
      expect(answer).toEqual({ outcome: "appended" });
    });

    test("is thrown when it says nothing of its reasons", async () => {
      await expect(cancelled().commitTransaction(commit("own", 1), [open("o", 1)])).rejects.toThrow(
        TransactionCanceledException,
      );
    });
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

  test("an execution that is created closed is never in the status index", async () => {
    await store.createExecution(execution("born-closed", { closed: "cancelled" }));
    expect(await statusKey("born-closed")).toBeUndefined();
    expect(await itemAt("born-closed", "head")).toMatchObject({ status: "cancelled", closedAt: T0 });
  });

  test("a reopened one is back among the open ones, and nothing of its end is left", async () => {
    const head = await owned(store, "back");
    await store.settle(settlementOf(head, FAILED));
    await store.reopen("back", { epoch: 1 }, redrive("r1"));
    expect(await statusKey("back")).toBe("open");
    const names = Object.keys((await itemAt("back", "head")) ?? {});
    for (const gone of ["closedAt", "error", "errorRef", "output", "outputRef", "compensation", "stall"])
      expect(names).not.toContain(gone);
  });

  test("a settlement writes how many waits stand only where the head does not name them all", async () => {
    const head = await owned(store, "counts");
    const waits = [{ name: "n", executionId: "counts", op: "w" }];
    await store.settle(settlementOf(head, SUSPENDED, { waits }));
    expect(await itemAt("counts", "head")).not.toHaveProperty("waitCount");
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

describe("a delete that arrives late", () => {
  test("finds another execution under its id, and takes nothing of it", async () => {
    const items = async () => {
      const params = itemKeysParams(EXECUTIONS_TABLE, "again", 100);
      const { Items = [] } = await documents.send(new QueryCommand(params));
      return Items.filter(({ sk }) => sk !== "head");
    };
    const live = async (): Promise<void> => {
      await owned(store, "again");
      await store.appendCommit(commit("again", 1, { token: digest(`${Math.random()}`, 16) }));
      await store.putPayload("again", "input-same", "1");
      await store.appendMessage("again", largeMessage("m1", 2_000));
    };
    await live();
    const late = await items();
    expect(late.length).toBe(3);
    for (const { sk } of [{ sk: "head" }, ...late])
      await documents.send(new DeleteCommand({ TableName: EXECUTIONS_TABLE, Key: { pk: "again", sk } }));
    await live();
    const standing = await items();
    for (const item of late) {
      const deleting = documents.send(new DeleteCommand(deleteItemParams(EXECUTIONS_TABLE, "again", item)));
      await expect(deleting).rejects.toThrow(ConditionalCheckFailedException);
    }
    expect(await items()).toEqual(standing);
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
    ["epoch", "one", "a whole number from 0 upward"],
    ["epoch", 1.5, "a whole number from 0 upward"],
    ["inboxSeq", -1, "a whole number from 0 upward"],
    ["createdAt", 9_000_000_000_000_000, "a time in milliseconds"],
    ["slot", 4_000_000_000, "at most 1000000"],
    ["createToken", undefined, "text"],
    ["input", "{", "JSON"],
    ["input", undefined, "text"],
    ["lease", "none", "a map"],
    ["waits", "{}", "a list"],
    ["stall", "7", "an object"],
    ["inbox", { m1: 3 }, "a map of texts"],
    ["compensation", "some", "one of none"],
    ["flags", "{}", "a list"],
    ["origin", "stolen", "one of continued"],
    ["duties", "waits laundry", "some of waits, children"],
    ["deadline", "soon", "a time in milliseconds"],
  ])("a head with a bad %s (%j) is named, with what was expected", async (attribute, value, expected) => {
    const id = `damaged-${attribute}-${JSON.stringify(value)}`;
    await owned(store, id);
    await damage(id, "head", { [attribute]: value });
    await expect(store.readHead(id)).rejects.toThrow(CorruptHistoryError);
    await expect(store.readHead(id)).rejects.toThrow(
      `pk "${id}", sk "head", the attribute "${attribute}" should be ${expected}`,
    );
  });

  test("in a listing keeps nobody from the rest, page by page", async () => {
    const ids = ["a", "b", "c", "d"].map((name) => `listed-${name}`);
    for (const [index, id] of ids.entries())
      await store.createExecution(execution(id, { workflow: "listed", createdAt: T0 + index }));
    await damage("listed-b", "head", { createdAt: T0 + 1, status: "melted" });
    await damage("listed-d", "head", { createdAt: T0 + 3, lease: "none" });
    const why = (id: string) => ({ executionId: id, why: expect.stringContaining(`pk "${id}", sk "head"`) });
    const all = await store.listExecutions({ workflow: "listed", limit: 10 });
    expect(all).toEqual({
      items: [
        expect.objectContaining({ executionId: "listed-c" }),
        expect.objectContaining({ executionId: "listed-a" }),
      ],
      damaged: [why("listed-d"), why("listed-b")],
    });
    const met: string[] = [];
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const page = await store.listExecutions({
        workflow: "listed",
        limit: 1,
        ...(cursor === undefined ? {} : { cursor }),
      });
      met.push(...[...(page.damaged ?? []), ...page.items].map(({ executionId }) => executionId));
      ({ cursor } = page);
    }
    expect(met).toEqual(ids.toReversed());
    expect(await store.countExecutions({ workflow: "listed" })).toBe(4);
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
    await store.appendCommit(commit("bad-commit", 2));
    await store.appendCommit(commit("bad-commit", 3));
    await damage("bad-commit", "commit#0000000003", { events: "[" });
    const salvaged = { commits: [commit("bad-commit", 2)], unread: [1, 3] };
    expect(await store.salvageHistory("bad-commit")).toEqual(salvaged);
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
    ["a head without a mark", "head"],
    ["a message", "inbox#m1"],
  ])("of %s is undefined", (_what, sk) => {
    const { out: _out, ob: _ob, obAt: _obAt, ...rest } = image;
    expect(parseOutboxImage({ ...rest, sk: { S: sk } })).toBeUndefined();
    expect(parseOutboxImage({})).toBeUndefined();
  });

  test("of a head that a user's own transaction wrote is the wake that it still needs", () => {
    const head: Record<string, AttributeValue> = {
      pk: { S: "o-1" },
      sk: { S: "head" },
      createdAt: { N: String(T0) },
      inbox: { M: {} },
      ob: { S: "pending#3" },
      obAt: { N: String(T0) },
    };
    expect(parseOutboxImage(head)).toEqual({
      executionId: "o-1",
      slot: 0,
      outgoing: [{ kind: "wake", id: "o-1", at: T0, executionId: "o-1" }],
      states: [{ state: "pending", tries: 0 }],
      version: 0,
      pendingAt: T0,
    });
  });

  test("that can't be read is an error that names it", () => {
    expect(() => parseOutboxImage({ ...image, out: { S: "[" } })).toThrow(CorruptHistoryError);
  });
});

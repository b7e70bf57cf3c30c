import { expect, test } from "vitest";
import type { Store } from "../../../lib/store/ports.js";
import { execution, lease, T0 } from "../builders.js";

export function creationContract(store: () => Store): void {
  test("gives the head that was written", async () => {
    const request = execution("created", {
      version: "2",
      startAt: T0 + 5_000,
      startedBy: "bus-1",
      lease: lease("mine"),
    });
    const created = await store().createExecution(request);
    expect(created).toEqual({
      created: true,
      head: {
        executionId: "created",
        workflow: "order-saga",
        version: "2",
        definition: "d41d8cd98f00",
        status: "running",
        createdAt: T0,
        startAt: T0 + 5_000,
        input: { inline: { id: 1 } },
        startedBy: "bus-1",
        flags: [],
        epoch: 1,
        lease: lease("mine"),
        slot: 0,
        inboxSeq: 0,
        inbox: [],
        inboxItems: 0,
        waits: [],
        waitCount: 0,
        createToken: "create-created",
      },
    });
    expect(await store().readHead("created")).toEqual(created.head);
  });

  test("keeps where the execution comes from, and what it was given to go by", async () => {
    const fields = {
      parent: { executionId: "parent-1", op: "child:ship" },
      deadline: T0 + 86_400_000,
      seed: "origin-1",
      flags: [1, 3],
      origin: { kind: "forked", executionId: "origin-1" },
      slot: 4,
    } as const;
    const { head } = await store().createExecution(execution("related", fields));
    expect(head).toMatchObject(fields);
    expect(await store().readHead("related")).toEqual(head);
  });

  test.each(["cancelled", "terminated"] as const)("can be closed from the start, as %s", async (closed) => {
    const id = `closed-${closed}`;
    const request = execution(id, { closed, workflow: id });
    const { head } = await store().createExecution(request);
    expect(head).toMatchObject({ status: closed, closedAt: T0, epoch: 0 });
    expect(await store().readHead(id)).toEqual(head);
    expect(await store().createExecution(request)).toEqual({ created: true, head });
    expect(await store().createExecution(execution(id, { createToken: "late" }))).toEqual({
      created: false,
      head,
    });
    expect(await store().acquireLease({ executionId: id, seen: { epoch: 0 }, ...lease("a") })).toMatchObject({
      acquired: false,
    });
    expect((await store().listExecutions({ workflow: id, limit: 5 })).items).toMatchObject([
      { executionId: id, status: closed },
    ]);
    expect((await store().listExecutions({ status: "running", limit: 100 })).items).not.toContainEqual(
      expect.objectContaining({ executionId: id }),
    );
  });

  test("begins at epoch 0 without a lease", async () => {
    const { head } = await store().createExecution(execution("unowned"));
    expect(head.epoch).toBe(0);
    expect(head.lease).toBeUndefined();
  });

  test("keeps an input that is a payload's name", async () => {
    await store().createExecution(execution("by-payload", { input: { payload: "input" } }));
    expect((await store().readHead("by-payload"))?.input).toEqual({ payload: "input" });
  });

  test("keeps inputs that look like nothing", async () => {
    for (const input of [null, false, 0, ""]) {
      const id = `input-${JSON.stringify(input)}`;
      await store().createExecution(execution(id, { input: { inline: input } }));
      expect((await store().readHead(id))?.input).toEqual({ inline: input });
    }
  });

  test("refuses an id that is taken, and says by whom", async () => {
    await store().createExecution(execution("taken"));
    const second = await store().createExecution(
      execution("taken", { createToken: "other", input: { inline: 2 } }),
    );
    expect(second.created).toBe(false);
    expect(second.head.input).toEqual({ inline: { id: 1 } });
  });

  test("knows its own success when the reply was lost, even after the execution went on", async () => {
    const request = execution("repeated");
    await store().createExecution(request);
    await store().acquireLease({ executionId: "repeated", seen: { epoch: 0 }, ...lease("worker") });
    const repeat = await store().createExecution(request);
    expect(repeat.created).toBe(true);
    expect(repeat.head.epoch).toBe(1);
  });

  test("lets one of fifty creators win", async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        store().createExecution(execution("raced", { createToken: `t${index}` })),
      ),
    );
    expect(answers.filter((answer) => answer.created)).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.head.createToken)).size).toBe(1);
  });

  test("finds no head where there is none", async () => {
    expect(await store().readHead("nobody")).toBeUndefined();
  });

  test("gives copies: changing one changes nothing that is stored", async () => {
    const request = execution("copied", { input: { inline: { list: [1] } } });
    const { head } = await store().createExecution(request);
    Object.assign(head, { status: "failed" });
    Object.assign(request.input, { inline: "changed" });
    const found = await store().readHead("copied");
    expect(found?.status).toBe("running");
    expect(found?.input).toEqual({ inline: { list: [1] } });
  });
}

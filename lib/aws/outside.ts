/**
 * The composition root: everything outside of a process, on AWS. Clients are made when they are first used, and their modules loaded then:
 * the relay never loads Scheduler, the worker loads EventBridge only to try again what the relay could not publish, and S3 is loaded for the
 * first large value.
 */
import { randomUUID } from "node:crypto";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { Log, Meter, Outside } from "../runtime/outside.js";
import { createDynamoStore } from "../store/dynamodb/index.js";
import { type SystemClock, systemClock } from "./clock.js";
import { type Connection, clientSettings } from "./connection.js";
import type { DeadWakes } from "./dead-wakes.js";
import { emfMeter, meteringIn } from "./emf.js";
import { type Names, need, readNames, readTimeScale } from "./environment.js";
import type { EventQueue, EventQueueUrls } from "./event-queue.js";
import { jsonLog, logLevelIn } from "./log.js";
import { redactedIn } from "./redact.js";
import type { TimeScale } from "./time-scale.js";

/** An Outside whose clock also knows Lambda's real time. */
export interface AwsOutside extends Outside {
  readonly clock: SystemClock;
}

export interface AwsOutsideOptions {
  readonly names: Names;
  readonly connection?: Connection;
  readonly time?: TimeScale;
  readonly log?: Log;
  /** Default: nothing is measured. */
  readonly meter?: (clock: SystemClock) => Meter;
  /** A client of the user's own, instead of one made here. */
  readonly documents?: DynamoDBDocumentClient;
}

export function createAwsOutside(options: AwsOutsideOptions): AwsOutside {
  const { names, connection = {} } = options;
  const clock = systemClock(options.time);
  const documents = once(
    () =>
      options.documents ??
      DynamoDBDocumentClient.from(new DynamoDBClient(clientSettings("dynamodb", connection))),
  );
  const objects = once(async () => {
    const { payloadBucket } = await import("./payload-bucket.js");
    return payloadBucket(need(names, "payloadBucket"), connection);
  });
  const send = once(async () => {
    const { wakeQueue } = await import("./wakes.js");
    return wakeQueue(need(names, "wakeQueueUrl"), connection);
  });
  const schedule = once(async () => {
    const { schedules } = await import("./schedules.js");
    return schedules(
      {
        group: need(names, "scheduleGroup"),
        queueArn: need(names, "wakeQueueArn"),
        roleArn: need(names, "scheduleRoleArn"),
        dlqArn: need(names, "scheduleDlqArn"),
      },
      connection,
    );
  });
  const keeper = once(async () => {
    const { scheduleKeeper } = await import("./schedule-keeper.js");
    return scheduleKeeper(
      {
        group: need(names, "firingGroup"),
        queueArn: need(names, "firingQueueArn"),
        roleArn: need(names, "firingRoleArn"),
        dlqArn: need(names, "firingDlqArn"),
      },
      connection,
      () => clock.now(),
    );
  });
  const dead = once(async () => {
    const { deadLetterQueues } = await import("./dead-letters.js");
    return deadLetterQueues(names, connection);
  });
  const publish = once(async () => {
    const { eventBus } = await import("./bus.js");
    return eventBus(need(names, "busName"), need(names, "service"), connection);
  });
  return {
    get service() {
      return need(names, "service");
    },
    store: createDynamoStore(
      {
        get documents() {
          return documents();
        },
        get executionsTable() {
          return need(names, "executionsTable");
        },
        get directoryTable() {
          return need(names, "directoryTable");
        },
      },
      {
        putObject: async (key, content) => (await objects()).putObject(key, content),
        getObject: async (key) => (await objects()).getObject(key),
        listObjects: async (prefix, limit) => (await objects()).listObjects(prefix, limit),
        deleteObjects: async (keys) => (await objects()).deleteObjects(keys),
      },
    ),
    wakes: {
      send: async (wake, delaySeconds) => (await send())(wake, delaySeconds),
      schedule: async (wake, at) => (await schedule())(wake, at),
    },
    ...(names.firingGroup === undefined
      ? {}
      : {
          schedules: {
            put: async (kept) => (await keeper()).put(kept),
            update: async (kept) => (await keeper()).update(kept),
            get: async (id) => (await keeper()).get(id),
            list: async (request) => (await keeper()).list(request),
            delete: async (id) => (await keeper()).delete(id),
          },
        }),
    deadLetters: {
      count: async () => (await dead()).count(),
      list: async (request) => (await dead()).list(request),
      sendBack: async (request) => (await dead()).sendBack(request),
      delete: async (request) => (await dead()).delete(request),
    },
    bus: { publish: async (entries) => (await publish())(entries) },
    clock,
    log:
      options.log ??
      jsonLog({ level: logLevelIn(process.env), redact: redactedIn(process.env), now: () => clock.now() }),
    ...(options.meter === undefined ? {} : { meter: options.meter(clock) }),
    random: Math.random,
    token: randomUUID,
  };
}

/** What a function's environment describes: one for the life of the process. */
export const functionOutside: () => AwsOutside = once(() => {
  const names = readNames(process.env);
  const metering = meteringIn(process.env);
  const { service } = names;
  const measures = service !== undefined && metering !== "off";
  return createAwsOutside({
    names,
    time: readTimeScale(process.env),
    ...(measures ? { meter: (clock) => emfMeter({ service, metering, now: () => clock.now() }) } : {}),
  });
});

/** The dead letters of the same function's wake queue: only the audit has them. */
export const functionDeadWakes: () => DeadWakes = once(() => {
  const queue = once(async () => {
    const { deadWakes } = await import("./dead-wakes.js");
    return deadWakes(need(readNames(process.env), "wakeDlqUrl"), {});
  });
  return {
    receive: async () => (await queue()).receive(),
    delete: async (receipt) => (await queue()).delete(receipt),
  };
});

/** The events that a function consumes, and their dead letters. */
export const functionEvents: Readonly<Record<EventConsumer, () => EventQueue>> = {
  deliver: once(() => lazyEventQueue("deliver")),
  start: once(() => lazyEventQueue("start")),
};

/** Who consumes a queue of events. */
export type EventConsumer = "deliver" | "start";

/** Which of a deployment's queues of events are known: one that declares no events has none. */
export function eventQueuesIn(names: Names): EventConsumer[] {
  return (["deliver", "start"] as const).filter((which) => names[`${which}DlqUrl`] !== undefined);
}

function lazyEventQueue(which: EventConsumer): EventQueue {
  const queue = once(async () => {
    const { eventQueue } = await import("./event-queue.js");
    return eventQueue(eventQueueUrls(readNames(process.env), which), {});
  });
  return {
    send: async (letter) => (await queue()).send(letter),
    bury: async (letter) => (await queue()).bury(letter),
    receive: async (seconds) => (await queue()).receive(seconds),
    delete: async (receipt) => (await queue()).delete(receipt),
    show: async (receipt) => (await queue()).show(receipt),
  };
}

/** Each is needed only where it is used: start buries, and never sends to its own queue. */
export function eventQueueUrls(names: Names, which: EventConsumer): EventQueueUrls {
  return {
    get queue() {
      return need(names, `${which}QueueUrl`);
    },
    get dead() {
      return need(names, `${which}DlqUrl`);
    },
  };
}

/** Made at the first call. A failure is not kept: the next call tries again. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    if (made !== undefined) return made.value;
    const value = make();
    made = { value };
    if (value instanceof Promise) value.catch(() => (made = undefined));
    return value;
  };
}

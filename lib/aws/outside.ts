/**
 * The composition root: everything outside of a process, on AWS. Clients are made when they are first used, and their code loaded then
 * (`holdfast-part-….ts`): the relay never loads Scheduler, the worker loads EventBridge only to try again what the relay could not publish, and
 * S3 is loaded for the first large value.
 */
import { randomUUID } from "node:crypto";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { Log, Meter, Outside } from "../runtime/outside.js";
import { createDynamoStore } from "../store/dynamodb/index.js";
import { eventBus } from "./bus.js";
import { type SystemClock, systemClock } from "./clock.js";
import { type Connection, clientSettings } from "./connection.js";
import { deadLetterQueues } from "./dead-letters.js";
import { type DeadWakes, deadWakes } from "./dead-wakes.js";
import { emfMeter, meteringIn } from "./emf.js";
import { type Names, need, readNames, readTimeScale } from "./environment.js";
import { type EventQueue, type EventQueueUrls, eventQueue } from "./event-queue.js";
import { jsonLog, logLevelIn } from "./log.js";
import { once } from "./once.js";
import { payloadBucket } from "./payload-bucket.js";
import { redactedIn } from "./redact.js";
import { scheduleKeeper } from "./schedule-keeper.js";
import { schedules } from "./schedules.js";
import type { TimeScale } from "./time-scale.js";
import { wakeQueue } from "./wakes.js";

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
  const objects = once(() => payloadBucket(need(names, "payloadBucket"), connection));
  const send = once(() => wakeQueue(need(names, "wakeQueueUrl"), connection));
  const schedule = once(() =>
    schedules(
      {
        group: need(names, "scheduleGroup"),
        queueArn: need(names, "wakeQueueArn"),
        roleArn: need(names, "scheduleRoleArn"),
        dlqArn: need(names, "scheduleDlqArn"),
      },
      connection,
    ),
  );
  const keeper = once(() =>
    scheduleKeeper(
      {
        group: need(names, "firingGroup"),
        queueArn: need(names, "firingQueueArn"),
        roleArn: need(names, "firingRoleArn"),
        dlqArn: need(names, "firingDlqArn"),
      },
      connection,
      () => clock.now(),
    ),
  );
  const dead = once(() => deadLetterQueues(names, connection));
  const publish = once(() => eventBus(need(names, "busName"), need(names, "service"), connection));
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
        putObject: async (key, content) => objects().putObject(key, content),
        getObject: async (key) => objects().getObject(key),
        listObjects: async (prefix, limit) => objects().listObjects(prefix, limit),
        deleteObjects: async (keys) => objects().deleteObjects(keys),
      },
    ),
    wakes: {
      send: async (wake, delaySeconds) => send()(wake, delaySeconds),
      schedule: async (wake, at) => schedule()(wake, at),
    },
    ...(names.firingGroup === undefined
      ? {}
      : {
          schedules: {
            put: async (kept) => keeper().put(kept),
            update: async (kept) => keeper().update(kept),
            get: async (id) => keeper().get(id),
            list: async (request) => keeper().list(request),
            delete: async (id) => keeper().delete(id),
          },
        }),
    deadLetters: {
      count: async () => dead().count(),
      list: async (request) => dead().list(request),
      sendBack: async (request) => dead().sendBack(request),
      delete: async (request) => dead().delete(request),
    },
    bus: { publish: async (entries) => publish()(entries) },
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
  const queue = once(() => deadWakes(need(readNames(process.env), "wakeDlqUrl"), {}));
  return {
    receive: async () => queue().receive(),
    delete: async (receipt) => queue().delete(receipt),
  };
});

/** The events that a function consumes, and their dead letters. */
export const functionEvents: Readonly<Record<EventConsumer, () => EventQueue>> = {
  deliver: once(() => eventQueue(eventQueueUrls(readNames(process.env), "deliver"), {})),
  start: once(() => eventQueue(eventQueueUrls(readNames(process.env), "start"), {})),
};

/** Who consumes a queue of events. */
export type EventConsumer = "deliver" | "start";

/** Which of a deployment's queues of events are known: one that declares no events has none. */
export function eventQueuesIn(names: Names): EventConsumer[] {
  return (["deliver", "start"] as const).filter((which) => names[`${which}DlqUrl`] !== undefined);
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

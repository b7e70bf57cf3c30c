import { Duration } from "aws-cdk-lib";
import { EventBus } from "aws-cdk-lib/aws-events";
import { Grant, type IGrantable, type PolicyStatement } from "aws-cdk-lib/aws-iam";
import { type Function as LambdaFunction, RecursiveLoop } from "aws-cdk-lib/aws-lambda";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { acknowledgeWildcards } from "./acknowledged.js";
import { auditTimeout, runEvery } from "./audit-schedule.js";
import { appEntry, bundleHandler, serviceEntry } from "./bundle.js";
import { HoldfastConfigError } from "./config-error.js";
import { DurableTables, type HoldfastTables } from "./durable-tables.js";
import { environments } from "./environment.js";
import { type Bus, EventRoutes } from "./event-routes.js";
import { feedFromQueue, feedFromStream } from "./event-sources.js";
import { deadLetterQueue, GuardedQueue } from "./guarded-queue.js";
import { admitServices, type EncryptionKey, withKeys } from "./keys.js";
import { type Manifest, readManifest } from "./manifest.js";
import { checkNeighbours } from "./neighbours.js";
import { type Network, networkOf } from "./network.js";
import { addOperations } from "./operations/index.js";
import { addOutputs } from "./outputs.js";
import {
  clients,
  deletes,
  type FunctionName,
  locked,
  permissionsOf,
  type Resources,
  type RetentionResources,
  reads,
  schedules,
  sends,
  signals,
} from "./permissions.js";
import type { DurableFunctionsProps } from "./props.js";
import { PublishedVersions } from "./published-versions.js";
import { Schedules } from "./schedules.js";
import { ServiceFunction, type ServiceFunctionProps } from "./service-function.js";
import { type RetentionSettings, resolveSettings, type Settings } from "./settings.js";
import { Timers } from "./timers.js";
import { uniqueName } from "./unique-name.js";

/** Deliver writes to a few executions per event. Of one with very many waiters it serves what it can in this time, and hands on the rest. */
const deliverTimeout = Duration.seconds(30);
/** A hundred records are ten calls and a hundred small writes: seconds. The rest is for throttling. */
const relayTimeout = Duration.seconds(60);
/** Events that only find their waits are small work and go together; what runs a turn goes alone, as one timeout must not kill nine neighbours. */
const batch = { turns: 1, events: 10 };

/**
 * Durable functions in your own account: the tables, the queues, the bus and the five functions that keep an app's workflows
 * moving, with the permissions that each needs and no others.
 *
 * ```ts
 * const orders = new DurableFunctions(this, "Orders", { app: "functions/workflows/index.ts" });
 * for (const runsSteps of orders.turnFunctions) stockTable.grantReadWriteData(runsSteps);   // what your steps use
 * orders.grantStart(api);                         // who may start workflows
 * ```
 */
export class DurableFunctions extends Construct {
  /** The name that the functions stamp on events; the command lists deployments by it. */
  readonly serviceName: string;
  /** What the app declared when the stack was synthesized. */
  readonly manifest: Manifest;
  readonly tables: HoldfastTables;
  readonly bus: Bus;
  readonly wakeQueue: Queue;
  readonly wakeDlq: Queue;
  readonly timers: Timers;
  readonly relayDlq: Queue;
  /** Takes the events that workflows wait for; absent if the app declares none, so that nothing polls for nothing. */
  readonly deliverRoutes?: EventRoutes;
  /** Takes the events and the firings that start workflows; absent if there are none. */
  readonly startRoutes?: EventRoutes;
  /** The schedules that workflows declare, and room for those of clients; absent if there are neither. */
  readonly schedules?: Schedules;
  /** Starts executions, and runs their first turn where the caller waits for it. */
  readonly start: LambdaFunction;
  /** Runs turns, and so your steps: grant it what they use. */
  readonly worker: LambdaFunction;
  /** All that run turns: the worker, and start for the first turns that somebody waits for. Grant each what your steps use. */
  readonly turnFunctions: readonly LambdaFunction[];
  readonly deliver: LambdaFunction;
  readonly relay: LambdaFunction;
  readonly audit: LambdaFunction;
  /** The worker's published versions; absent if no workflow is pinned, and the prop `versions` doesn't ask for them. */
  readonly versions?: PublishedVersions;

  constructor(scope: Construct, id: string, props: DurableFunctionsProps) {
    super(scope, id);
    const settings = resolveSettings(this, props);
    this.serviceName = settings.serviceName;
    this.manifest = readManifest(settings.appFile, {
      environment: settings.environment,
      external: settings.bundling.external ?? [],
    });

    this.tables = props.tables ?? this.ownTables(props);
    this.bus = props.eventBus ?? new EventBus(this, "Bus", { eventBusName: uniqueName(this, "Bus") });
    checkNeighbours(this, this.others());
    const { encryptionKey } = props;
    const encrypted = encryptionKey === undefined ? {} : { encryptionKey };
    if (encryptionKey !== undefined) admitServices(this, encryptionKey);
    const beyond = (timeout: Duration) => timeout.plus(settings.visibilityMargin);
    const wake = new GuardedQueue(this, "Wake", {
      visibilityTimeout: beyond(settings.workerTimeout),
      ...encrypted,
    });
    this.wakeQueue = wake.queue;
    this.wakeDlq = wake.dlq;
    this.timers = new Timers(this, "Timers", { wakeQueue: wake.queue, ...encrypted });
    this.relayDlq = deadLetterQueue(this, "RelayDlq", encrypted);
    const routes = (routesId: string, eventTypes: readonly string[], visibilityTimeout: Duration) =>
      new EventRoutes(this, routesId, { bus: this.bus, eventTypes, visibilityTimeout, ...encrypted });
    const awaited = distinct(this.manifest.events.map((event) => event.name));
    const starting = distinct(this.manifest.workflows.flatMap((workflow) => workflow.startOn));
    if (awaited.length > 0) this.deliverRoutes = routes("Deliveries", awaited, beyond(deliverTimeout));
    const recurring = this.manifest.workflows.some((workflow) => workflow.schedules !== undefined);
    const forClients = props.clientSchedules === true;
    if (starting.length > 0 || recurring || forClients)
      this.startRoutes = routes("Starts", starting, beyond(settings.startTimeout));
    if (this.startRoutes && (recurring || forClients)) {
      const { queue, dlq } = this.startRoutes;
      const { workflows } = this.manifest;
      this.schedules = new Schedules(this, "Schedules", { workflows, queue, dlq, forClients });
    }

    const keepsVersions =
      props.versions ?? this.manifest.workflows.some((workflow) => workflow.pinned === true);
    const make = this.functionMaker(settings, {
      network: networkOf(this, props),
      encryptionKey,
      keepsVersions,
    });
    this.start = make("start", "Start", { timeout: settings.startTimeout, description: "starts executions" });
    this.worker = make("worker", "Worker", { timeout: settings.workerTimeout, description: "runs turns" });
    this.turnFunctions = [this.worker, this.start];
    this.deliver = make("deliver", "Deliver", {
      timeout: deliverTimeout,
      description: "hands events to waits",
    });
    this.relay = make("relay", "Relay", { timeout: relayTimeout, description: "publishes outgoing events" });
    this.audit = make("audit", "Audit", {
      timeout: auditTimeout(settings.auditEvery),
      description: "wakes what nobody moves",
    });

    this.deliverRoutes?.openAfter(this.deliver);
    this.startRoutes?.openAfter(this.start);

    if (keepsVersions) this.versions = new PublishedVersions(this, "Versions", { worker: this.worker });

    const { maxConcurrency } = settings;
    feedFromQueue(this.worker, {
      queue: this.wakeQueue,
      batchSize: batch.turns,
      ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
      ...(this.versions === undefined ? {} : { aliasArn: this.versions.liveArn }),
    });
    if (this.deliverRoutes)
      feedFromQueue(this.deliver, { queue: this.deliverRoutes.queue, batchSize: batch.events });
    if (this.startRoutes)
      feedFromQueue(this.start, { queue: this.startRoutes.queue, batchSize: batch.turns });
    this.schedules?.follow(this.start);
    feedFromStream(this.relay, this.tables.executions, this.relayDlq);
    runEvery(settings.auditEvery, this.audit);
    addOperations(this, props, settings);
    addOutputs(this);
  }

  /** Lets somebody start executions, by invoking the start function. */
  grantStart(grantee: IGrantable): Grant {
    return Grant.addToPrincipal({
      grantee,
      actions: ["lambda:InvokeFunction"],
      resourceArns: [this.start.functionArn],
    });
  }

  /** Lets somebody look: describe, list, history, results. */
  grantRead(grantee: IGrantable): Grant {
    return this.grant(grantee, reads(this.tables));
  }

  /** Lets somebody wake executions. It carries no data: a wake is a hint to look. */
  grantWake(grantee: IGrantable): Grant {
    return this.grant(grantee, [sends(this.wakeQueue)]);
  }

  /** Lets somebody tell executions something: `client.signal`, `client.update`, and the ends and heartbeats of callbacks. Not what can only be published. */
  grantSignal(grantee: IGrantable): Grant {
    return this.grant(grantee, signals(this));
  }

  /** Lets somebody use all of `DurableClient` but `delete`: start, cancel, redrive, publish, and reading. Starting by name alone needs `grantStart` too. */
  grantClient(grantee: IGrantable): Grant {
    return this.grant(grantee, clients(this));
  }

  /** Lets somebody keep schedules (`client.schedules`), which start any workflow. Only with the prop `clientSchedules`. */
  grantSchedules(grantee: IGrantable): Grant {
    const group = this.schedules?.clientGroup;
    if (this.schedules === undefined || group === undefined)
      throw new HoldfastConfigError({
        what: "There is no room for schedules of clients.",
        expected: "`clientSchedules: true` among the props",
        found: "grantSchedules() without it",
        next: "Add the prop. Schedules that workflows declare need neither.",
      });
    return this.grant(
      grantee,
      schedules(this, { role: this.schedules.role, anyOf: this.schedules.anyOf(group) }),
    );
  }

  /** Lets somebody delete executions that have ended (`DurableClient.delete`). No other grant includes it. */
  grantDelete(grantee: IGrantable): Grant {
    return this.grant(grantee, deletes(this));
  }

  /** What is listed, and what it needs of customers' keys. */
  private grant(grantee: IGrantable, statements: readonly PolicyStatement[]): Grant {
    const all = withKeys(statements, locked(this.resources()));
    // A role or user of the app; one that was imported may have no place in it.
    if (Construct.isConstruct(grantee)) acknowledgeWildcards(grantee, all);
    return all
      .map(({ actions, resources, conditions }) =>
        Grant.addToPrincipal({ grantee, actions, resourceArns: resources, conditions }),
      )
      .reduce((all, grant) => all.combine(grant));
  }

  /** The app's other deployments, as far as they are made. */
  private others(): DurableFunctions[] {
    return this.node.root.node
      .findAll()
      .filter((each): each is DurableFunctions => each instanceof DurableFunctions && each !== this);
  }

  private ownTables(props: DurableFunctionsProps): DurableTables {
    const { removalPolicy, deletionProtection, payloadBucket, encryptionKey } = props;
    return new DurableTables(this, "Tables", {
      ...(removalPolicy === undefined ? {} : { removalPolicy }),
      ...(deletionProtection === undefined ? {} : { deletionProtection }),
      ...(payloadBucket === undefined ? {} : { payloadBucket }),
      ...(encryptionKey === undefined ? {} : { encryptionKey }),
    });
  }

  private resources(): Resources {
    return {
      tables: this.tables,
      bus: this.bus,
      wakeQueue: this.wakeQueue,
      wakeDlq: this.wakeDlq,
      timers: this.timers,
      relayDlq: this.relayDlq,
      ...(this.deliverRoutes ? { deliveries: this.deliverRoutes } : {}),
      ...(this.startRoutes ? { startEvents: this.startRoutes } : {}),
    };
  }

  private retention({ seconds, archive }: RetentionSettings): RetentionResources {
    if (archive === undefined) return { seconds };
    return { seconds, archive: archive === true ? this.tables.payloads : archive };
  }

  private functionMaker(settings: Settings, surroundings: Surroundings) {
    const { network, encryptionKey, keepsVersions } = surroundings;
    const shared = {
      ...(network === undefined ? {} : { network }),
      ...(encryptionKey === undefined ? {} : { encryptionKey }),
    };
    const { retention } = settings;
    const resources: Resources = {
      ...this.resources(),
      ...(retention === undefined ? {} : { retention: this.retention(retention) }),
    };
    const { serviceName, logLevel, redact, metrics } = settings;
    const source = {
      ...resources,
      serviceName,
      redact,
      metrics,
      ...(logLevel === undefined ? {} : { logLevel }),
    };
    type Own = Pick<ServiceFunctionProps, "timeout" | "description">;
    return (name: FunctionName, id: string, own: Own): LambdaFunction => {
      const { looped, ...usual } = traits[name];
      const { factory, runsApp } =
        this.manifest.sealed === true ? { ...usual, ...sealedTraits[name] } : usual;
      return new ServiceFunction(this, id, {
        ...own,
        description: `Holdfast ${serviceName}: ${own.description}`,
        files: runsApp
          ? bundleHandler(appEntry(name, factory, settings.appFile), settings.bundling)
          : bundleHandler(serviceEntry(name, factory)),
        runtime: settings.runtime,
        memorySize: runsApp ? settings.memorySize : settings.serviceMemorySize,
        environment: { ...(runsApp ? settings.environment : {}), ...environments[name](source) },
        permissions: permissionsOf(name, resources),
        logRetention: settings.logRetention,
        tracing: settings.tracing,
        ...shared,
        ...(looped ? { recursiveLoop: RecursiveLoop.ALLOW } : {}),
        keepsVersions: keepsVersions && name === "worker",
      }).function;
    };
  }
}

/** What all functions have around them. */
interface Surroundings {
  readonly network: Network | undefined;
  readonly encryptionKey: EncryptionKey | undefined;
  /** Of the worker. */
  readonly keepsVersions: boolean;
}

/**
 * How the functions differ.
 *
 * *looped*: Lambda stops a function that is reached more than 16 times in one chain of messages, taking it for an endless loop.
 * A workflow is such a loop, and it ends. The worker wakes itself through the queue. Start, deliver and relay each send wakes
 * and are each reached from what turns do (an event that is sent, a child, a start inside a transaction), so a chain of
 * executions passes through them again and again. The audit is reached from a clock only; it keeps Lambda's protection.
 */
const traits: Record<FunctionName, { factory: string; runsApp: boolean; looped: boolean }> = {
  start: { factory: "createStart", runsApp: true, looped: true },
  worker: { factory: "createWorker", runsApp: true, looped: true },
  deliver: { factory: "createDeliver", runsApp: true, looped: true },
  relay: { factory: "createRelay", runsApp: false, looped: true },
  audit: { factory: "createAudit", runsApp: false, looped: false },
};

/** Where the app has a codec, everybody who reads what is stored needs its code. */
const sealedTraits: Partial<Record<FunctionName, { factory: string; runsApp: boolean }>> = {
  relay: { factory: "createSealedRelay", runsApp: true },
  audit: { factory: "createSealedAudit", runsApp: true },
};

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

/**
 * Runs blocks of the documents as the modules that they are. Blocks of one document import each other by their names; what they import from
 * packages is the real thing, but for `DurableClient.fromStack`, which gives a client of the block's stage, and clouds that are watched (stage.ts).
 */
import { posix } from "node:path";
import * as cdk from "aws-cdk-lib";
import * as holdfast from "holdfast";
import { type App, app, type DurableClient } from "holdfast";
import * as constructs from "holdfast/cdk";
import * as otel from "holdfast/otel";
import * as pipeline from "holdfast/pipeline";
import * as pipelineClient from "holdfast/pipeline/client";
import * as testing from "holdfast/testing";
import ts from "typescript";
import { expect } from "vitest";
import type { AnyEventType } from "../../lib/define/event.js";
import type { AnyWorkflow } from "../../lib/define/workflow.js";
import { type Block, blocksOf, placeOf } from "./pages.js";

export type Module = Readonly<Record<string, unknown>>;

/** What a block's code meets. */
export interface Surroundings {
  /** What `DurableClient.fromStack` and `fromEnvironment` give. */
  client(stackName?: string): Promise<DurableClient>;
  /** What `holdfast/local` is. */
  readonly local: Module;
}

/** One run of a document's code: what was defined in it, and what it was given. */
export class Evaluation {
  /** The bodies of the tests that its blocks declare. */
  readonly tests: (() => unknown)[] = [];
  /** The stacks that its blocks made. */
  readonly stacks: cdk.Stack[] = [];
  /** What its blocks printed, for their readers: the first word of each line. */
  readonly printed: unknown[] = [];
  readonly #workflows = new Map<string, AnyWorkflow>();
  readonly #events = new Map<string, AnyEventType>();
  readonly #evaluated = new Map<Block, Promise<Module>>();
  #app: App | undefined;

  constructor(private readonly surroundings: Surroundings) {}

  /** What was declared so far: the app that a block made, or else all workflows and events. */
  app(): App {
    return this.#app ?? app({ workflows: [...this.#workflows.values()], events: [...this.#events.values()] });
  }

  /** A module runs once, however often it is imported. */
  evaluate(block: Block): Promise<Module> {
    const known = this.#evaluated.get(block);
    if (known !== undefined) return known;
    const running = this.#run(block);
    this.#evaluated.set(block, running);
    return running;
  }

  /** What a block imports from others of its document. */
  async evaluateImports(block: Block): Promise<void> {
    for (const name of importsOf(block)) await this.#module(block, name);
  }

  async #run(block: Block): Promise<Module> {
    const loaded = new Map<string, unknown>();
    for (const name of importsOf(block)) loaded.set(name, await this.#module(block, name));
    const { outputText } = ts.transpileModule(block.text, {
      compilerOptions: {
        module: ts.ModuleKind.CommonJS,
        target: ts.ScriptTarget.ES2022,
        esModuleInterop: true,
      },
    });
    const exports: Record<string, unknown> = {};
    const body = new AsyncFunction("exports", "require", "console", outputText);
    await body(exports, (name: string) => loaded.get(name), this.#console());
    this.#note(exports);
    return exports;
  }

  /** What is logged says nothing to whoever reads the tests' output. */
  #console(): Printer {
    const quiet = (): void => {};
    return { log: (first) => this.printed.push(first), info: quiet, warn: quiet, error: quiet };
  }

  async #module(block: Block, name: string): Promise<unknown> {
    if (!name.startsWith(".")) return this.#package(block, name);
    const wanted = posix.join(posix.dirname(block.name ?? ""), name).replace(/\.js$/, ".ts");
    const found = blocksIn(block.document).find((other) => other.name === wanted);
    if (found === undefined)
      throw new Error(
        `${placeOf(block)} imports ${wanted}, and no block of the page begins with: // ${wanted}`,
      );
    return { __esModule: true, ...(await this.evaluate(found)) };
  }

  #package(block: Block, name: string): unknown {
    if (name === "holdfast") return this.#holdfast();
    if (name === "vitest")
      return { expect, test: (_name: string, body: () => unknown) => this.tests.push(body) };
    if (name === "aws-cdk-lib") return this.#cdk();
    if (name === "holdfast/local") return this.surroundings.local;
    if (name in OURS) return OURS[name];
    if (OTHERS.test(name)) return import(name);
    throw new Error(`${placeOf(block)} imports "${name}", which test/docs/evaluate.ts does not hand over.`);
  }

  /** All of it is loaded bit by bit as it is asked for, so it is not copied. */
  #cdk(): unknown {
    const Stack = recording(cdk.Stack, this.stacks);
    return new Proxy(cdk, { get: (target, key) => (key === "Stack" ? Stack : Reflect.get(target, key)) });
  }

  #holdfast(): Module {
    const { client } = this.surroundings;
    const DurableClient = new Proxy(holdfast.DurableClient, {
      get: (target, key, receiver) => {
        if (key === "fromStack") return client;
        // A client of the environment connects with its first call.
        if (key === "fromEnvironment") return () => connectedLater(client);
        return Reflect.get(target, key, receiver);
      },
    });
    const noting =
      <Arguments extends unknown[], Made>(make: (...given: Arguments) => Made) =>
      (...given: Arguments): Made => {
        const made = make(...given);
        this.#note({ made });
        return made;
      };
    return {
      ...holdfast,
      DurableClient,
      workflow: noting(holdfast.workflow),
      event: noting(holdfast.event),
      app: noting(holdfast.app),
    };
  }

  #note(made: Module): void {
    for (const each of Object.values(made)) {
      if (isOfKind<App>("app", each)) this.#app = each;
      if (isOfKind<AnyWorkflow>("workflow", each)) this.#workflows.set(each.name, each);
      if (isOfKind<AnyEventType>("event", each)) this.#events.set(each.name, each);
    }
  }
}

const blocks = new Map<string, readonly Block[]>();

/** The TypeScript of a document; the same objects each time. */
export function blocksIn(document: string): readonly Block[] {
  const known = blocks.get(document) ?? blocksOf(document).filter(({ language }) => language === "ts");
  blocks.set(document, known);
  return known;
}

export function importsOf({ text }: Block): string[] {
  return [...text.matchAll(/^(?:import|\} from|export .* from)[^;]*?"([^"]+)";/gm)].map(
    ([, name = ""]) => name,
  );
}

/** Those that are this project's own. */
const OURS: Readonly<Record<string, unknown>> = {
  "holdfast/testing": testing,
  "holdfast/pipeline": pipeline,
  "holdfast/pipeline/client": pipelineClient,
  "holdfast/otel": otel,
  "holdfast/cdk": constructs,
};

/** What else a block may import. Anything further should be a choice, not a slip. */
const OTHERS = /^(node:.+|zod|constructs|cdk-nag|aws-cdk-lib\/.+|@aws-sdk\/.+|@opentelemetry\/.+)$/;

type Printer = Readonly<Record<"log" | "info" | "warn" | "error", (first?: unknown) => unknown>>;

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
  ...parts: string[]
) => (exports: object, require: (name: string) => unknown, console: Printer) => Promise<void>;

function isOfKind<Kind>(kind: string, value: unknown): value is Kind {
  return typeof value === "object" && value !== null && Reflect.get(value, "kind") === kind;
}

/** The class, with every one that is made remembered. */
function recording<Class extends new (...given: never[]) => object>(
  made: Class,
  all: InstanceType<Class>[],
): Class {
  return new Proxy(made, {
    construct(target, given, newTarget) {
      const one = Reflect.construct(target, given, newTarget) as InstanceType<Class>;
      all.push(one);
      return one;
    },
  });
}

function connectedLater(client: () => Promise<DurableClient>): object {
  return new Proxy(
    {},
    {
      get:
        (_, method: string) =>
        async (...given: unknown[]): Promise<unknown> => {
          const connected = await client();
          return Reflect.apply(Reflect.get(connected, method), connected, given);
        },
    },
  );
}

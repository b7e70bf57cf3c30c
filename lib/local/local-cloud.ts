/** `localCloud`: an app in the local cloud, and a client of it: for tests and for trying things out. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { namesFromOutputs } from "../aws/stack-names.js";
import { DurableClient } from "../client/client.js";
import type { PublishOptions } from "../client/types.js";
import type { AnyEventType, EventType } from "../define/event.js";
import { type CloudOptions, type LocalCloudCore, startCloud } from "./cloud.js";
import { APP_STACK, type AppStackOptions, synthesizeApp } from "./synthesize-app.js";

/** What an app's stack is made of, and how the cloud runs it. */
export type LocalCloudOptions = AppStackOptions & Omit<CloudOptions, "templates">;

/** A local cloud that runs one app, with a client of it. */
export interface LocalCloud extends Omit<LocalCloudCore, "deploy"> {
  /** Talks to the app's executions. Workflows may be named: their start function knows them. */
  readonly client: DurableClient;
  /** Puts an event on the deployment's bus, as any other service would. */
  publish<Input, Data>(
    event: EventType<Input, Data>,
    data: NoInfer<Input>,
    options?: PublishOptions,
  ): Promise<{ readonly eventId: string }>;
  /**
   * Synthesizes the stack anew, with these options instead of those that were given before, and replaces what runs by it: as a deploy, with executions
   * under way. `client` may be another one afterwards.
   * @throws HoldfastConfigError: what ran before goes on
   */
  deploy(changes?: Partial<AppStackOptions>): Promise<void>;
}

/**
 * Synthesizes the default stack for an app and runs it: the functions in processes of their own, on the real DynamoDB Local.
 * @throws CdkMissingError, HoldfastConfigError, JavaMissingError, DynamoDbLocalMissingError
 */
export const localCloud = async (options: LocalCloudOptions): Promise<LocalCloud> => {
  const directory = options.inMemory
    ? mkdtempSync(join(tmpdir(), "holdfast-templates-"))
    : join(resolve(options.stateDir ?? ".holdfast"), "cdk.out");
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  let app: AppStackOptions = options;
  let deploys = 0;
  // What runs is read from where its templates are, until the next ones have taken its place.
  const synthesized = async (asked: AppStackOptions): Promise<string> => {
    const templates = join(directory, String(deploys));
    deploys += 1;
    await synthesizeApp(asked, templates);
    return templates;
  };
  try {
    // What an earlier synthesis left there is not this app's.
    remove();
    const cloud = await startCloud({ ...options, templates: await synthesized(options) });
    let connected = connect(cloud);
    return {
      ...cloud,
      get stacks() {
        return cloud.stacks;
      },
      get ignored() {
        return cloud.ignored;
      },
      get client() {
        return connected;
      },
      publish: (event: AnyEventType, data: unknown, publishing?: PublishOptions) =>
        connected.publish(event, data, publishing),
      deploy: async (changes = {}) => {
        const asked = { ...app, ...changes };
        await cloud.deploy(await synthesized(asked));
        app = asked;
        connected = connect(cloud);
      },
      stop: () => cloud.stop().finally(remove),
    };
  } catch (error) {
    remove();
    throw error;
  }
};

const connect = (cloud: LocalCloudCore): DurableClient => {
  const outputs = cloud.stacks.find(({ name }) => name === APP_STACK)?.outputs ?? {};
  return new DurableClient({
    ...namesFromOutputs(APP_STACK, Object.entries(outputs)),
    environment: cloud.environment,
  });
};

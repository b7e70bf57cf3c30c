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

export type LocalCloudOptions = AppStackOptions & Omit<CloudOptions, "templates">;

export interface LocalCloud extends LocalCloudCore {
  /** Talks to the app's executions. Workflows may be named: their start function knows them. */
  readonly client: DurableClient;
  /** Puts an event on the deployment's bus, as any other service would. */
  publish<Input, Data>(
    event: EventType<Input, Data>,
    data: NoInfer<Input>,
    options?: PublishOptions,
  ): Promise<{ readonly eventId: string }>;
}

/**
 * Synthesizes the default stack for an app and runs it: the functions in processes of their own, on the real DynamoDB Local.
 * @throws CdkMissingError, HoldfastConfigError, JavaMissingError, DynamoDbLocalMissingError
 */
export const localCloud = async (options: LocalCloudOptions): Promise<LocalCloud> => {
  const templates = options.inMemory
    ? mkdtempSync(join(tmpdir(), "holdfast-templates-"))
    : join(resolve(options.stateDir ?? ".holdfast"), "cdk.out");
  const remove = (): void => rmSync(templates, { recursive: true, force: true });
  try {
    // What an earlier synthesis left there is not this app's.
    remove();
    await synthesizeApp(options, templates);
    const cloud = await startCloud({ ...options, templates });
    return { ...cloud, ...connect(cloud), stop: () => cloud.stop().finally(remove) };
  } catch (error) {
    remove();
    throw error;
  }
};

const connect = (cloud: LocalCloudCore): Pick<LocalCloud, "client" | "publish"> => {
  const outputs = cloud.stacks.find(({ name }) => name === APP_STACK)?.outputs ?? {};
  const client = new DurableClient({
    ...namesFromOutputs(APP_STACK, Object.entries(outputs)),
    environment: cloud.environment,
  });
  return {
    client,
    publish: (event: AnyEventType, data: unknown, options?: PublishOptions) =>
      client.publish(event, data, options),
  };
};

/** Local clouds as blocks start them: `holdfast/local` itself, on the test run's own DynamoDB Local, watched until nothing is left of them. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CloudOptions, LocalCloudCore, LocalCloudOptions } from "holdfast/local";
import * as local from "holdfast/local";
import { expect, inject, vi } from "vitest";

/** What clouds of both functions are. */
export type Running = Omit<LocalCloudCore, "deploy">;

export class Clouds {
  /** How often a cloud was stopped. */
  stops = 0;
  readonly #running = new Set<Running>();

  /** @param beforeStop what is done with a cloud when its block stops it, just before that */
  constructor(private readonly beforeStop: (cloud: Running) => Promise<void>) {}

  /** What `holdfast/local` is for a block. */
  readonly module = {
    ...local,
    startCloud: (options: CloudOptions) => this.#watched(() => this.start(options)),
    localCloud: (options: LocalCloudOptions) =>
      this.#watched(() => local.localCloud({ ...onOurDatabase(), ...options })),
  };

  /** One that no block stops. */
  async start(options: CloudOptions): Promise<LocalCloudCore> {
    const cloud = await local.startCloud({ ...onOurDatabase(), ...options });
    this.#running.add(cloud);
    return cloud;
  }

  /** Ends what no block has stopped. */
  async close(): Promise<void> {
    await Promise.all([...this.#running].map((cloud) => cloud.stop()));
  }

  async #watched<Cloud extends Running>(start: () => Promise<Cloud>): Promise<Cloud> {
    const files = mkdtempSync(join(tmpdir(), "cloud-"));
    vi.stubEnv("TMPDIR", files);
    const cloud = await start();
    this.#running.add(cloud);
    const stop = async (): Promise<void> => {
      await this.beforeStop(cloud);
      const processes = cloud.functions.processes();
      await cloud.stop();
      this.#running.delete(cloud);
      this.stops++;
      expect(processes).not.toEqual([]);
      for (const { pid } of processes) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
      await expect(fetch(cloud.endpoints.AWS_ENDPOINT_URL ?? "")).rejects.toThrow("fetch failed");
      // Processes that a block starts beside its cloud may leave what is theirs.
      expect(readdirSync(files).filter((name) => !name.startsWith("tsx-"))).toEqual([]);
    };
    return new Proxy(cloud, { get: (target, key) => (key === "stop" ? stop : Reflect.get(target, key)) });
  }
}

/** A database of one's own there. */
function onOurDatabase(): Pick<CloudOptions, "dynamodbEndpoint" | "accessKeyId"> {
  return {
    dynamodbEndpoint: inject("dynamodbEndpoint"),
    accessKeyId: `T${randomBytes(8).toString("hex")}`,
  };
}

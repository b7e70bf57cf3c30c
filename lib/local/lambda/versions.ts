/**
 * Published versions of functions, and the aliases that point to them. A version is a function as it was when a template first declared it: its
 * code and its environment are kept, whatever later templates say, and also when none declares it any more. As with CDK, the logical id of a
 * version changes with what it holds.
 */
import { cpSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { FunctionSpec } from "./pool.js";

/** What a template says of a version. */
export interface VersionDeclaration {
  /** Stack and logical id: the same key is the same version. */
  readonly key: string;
  readonly functionName: string;
}

export interface AliasDeclaration {
  readonly functionName: string;
  readonly name: string;
  readonly version: string;
}

/** A version as it is saved. */
export interface PublishedVersion {
  readonly key: string;
  readonly functionName: string;
  /** From 1, and never used again. */
  readonly number: number;
  readonly publishedAtMs: number;
  /** Absent once it was deleted. */
  readonly spec?: FunctionSpec;
  /** Where the cloud answered then: addresses in its environment begin with it. */
  readonly endpoint: string;
}

export class Versions {
  private readonly published: PublishedVersion[];
  private aliases: readonly AliasDeclaration[] = [];

  constructor(
    private readonly directory: string,
    private readonly endpoint: string,
    saved: readonly PublishedVersion[] = [],
  ) {
    // A cloud that got another port answers under another address.
    this.published = saved.map((version) => ({
      ...version,
      endpoint,
      ...(version.spec === undefined ? {} : { spec: moved(version.spec, version.endpoint, endpoint) }),
    }));
  }

  /** The number that a declared version has, or gets (again, where it was deleted): what `Version` resolves to in a template. */
  numberOf({ key, functionName }: VersionDeclaration): string {
    const known = this.alive(functionName).find((version) => version.key === key)?.number;
    return String(known ?? 1 + Math.max(0, ...this.of(functionName).map(({ number }) => number)));
  }

  /** Publishes what is new among the declared, and keeps its code. */
  publish(
    declared: readonly VersionDeclaration[],
    functions: readonly FunctionSpec[],
    aliases: readonly AliasDeclaration[],
    nowMs: number,
  ): void {
    for (const { key, functionName } of declared) {
      if (this.alive(functionName).some((version) => version.key === key)) continue;
      const spec = functions.find(({ name }) => name === functionName);
      if (spec === undefined) continue;
      const number = Number(this.numberOf({ key, functionName }));
      const codeDir = join(this.directory, functionName, String(number));
      // A deploy that failed may have left something there.
      rmSync(codeDir, { recursive: true, force: true });
      cpSync(spec.codeDir, codeDir, { recursive: true });
      this.published.push({
        key,
        functionName,
        number,
        publishedAtMs: nowMs,
        spec: { ...spec, codeDir, version: String(number) },
        endpoint: this.endpoint,
      });
    }
    this.aliases = aliases;
  }

  /** All that can be invoked. */
  specs(): FunctionSpec[] {
    return this.published.flatMap(({ spec }) =>
      spec === undefined || !existsSync(spec.codeDir) ? [] : [spec],
    );
  }

  /** The version that a qualifier names: a number, or an alias. */
  resolve(functionName: string, qualifier: string): string | undefined {
    const alias = this.aliases.find((one) => one.functionName === functionName && one.name === qualifier);
    const version = alias?.version ?? qualifier;
    return this.alive(functionName).some(({ number }) => String(number) === version) ? version : undefined;
  }

  aliasesOf(functionName: string, version: string): string[] {
    return this.aliases
      .filter((one) => one.functionName === functionName && one.version === version)
      .map(({ name }) => name);
  }

  /** Those that were not deleted, oldest first. */
  alive(functionName: string): PublishedVersion[] {
    return this.of(functionName).filter(({ spec }) => spec !== undefined);
  }

  /** Its number stays taken. */
  delete(functionName: string, version: string): void {
    const at = this.published.findIndex(
      (one) => one.functionName === functionName && String(one.number) === version,
    );
    const found = this.published[at];
    if (found?.spec === undefined) return;
    rmSync(found.spec.codeDir, { recursive: true, force: true });
    const { spec: _gone, ...rest } = found;
    this.published[at] = rest;
  }

  save(): readonly PublishedVersion[] {
    return this.published;
  }

  private of(functionName: string): PublishedVersion[] {
    return this.published.filter((version) => version.functionName === functionName);
  }
}

function moved(spec: FunctionSpec, from: string, to: string): FunctionSpec {
  const environment = Object.entries(spec.environment).map(
    ([name, value]) => [name, value.startsWith(from) ? to + value.slice(from.length) : value] as const,
  );
  return { ...spec, environment: Object.fromEntries(environment) };
}

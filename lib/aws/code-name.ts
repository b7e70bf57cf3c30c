/**
 * What a code that executions are pinned to is called: `<function>:<version>`, a published version of the worker. The function's name is part of
 * it, since the versions of one that replaces it begin at 1 again.
 */
export interface CodeName {
  readonly functionName: string;
  readonly version: string;
}

/** Undefined where Lambda has no version to name: `$LATEST` is another code after each deploy. */
export function ownCode(variables: Readonly<Record<string, string | undefined>>): string | undefined {
  const { AWS_LAMBDA_FUNCTION_NAME: name, AWS_LAMBDA_FUNCTION_VERSION: version } = variables;
  if (name === undefined || version === undefined || !/^\d+$/.test(version)) return undefined;
  return codeName({ functionName: name, version });
}

export function codeName({ functionName, version }: CodeName): string {
  return `${functionName}:${version}`;
}

/** Undefined for text that is no such name. */
export function readCodeName(code: string): CodeName | undefined {
  const match = /^([^:]+):(\d+)$/.exec(code);
  const [, functionName, version] = match ?? [];
  return functionName === undefined || version === undefined ? undefined : { functionName, version };
}

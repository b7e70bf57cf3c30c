/** `holdfast/local`: the local cloud, which runs an app, or any synthesized templates, on a laptop. */

export { PatternError } from "../model/pattern/pattern.js";
export { ACCOUNT, REGION } from "./arn.js";
export type { ChaosCounts } from "./chaos/chaos.js";
export { InvalidChaosError } from "./chaos/invalid-chaos-error.js";
export type { ChaosFault, ChaosOptions, ChaosService, ChaosSettings } from "./chaos/settings.js";
export { type CloudOptions, type LocalCloudCore, type LocalFunctions, startCloud } from "./cloud.js";
export type { StackInfo } from "./cloudformation.js";
export {
  DynamoDbLocalMissingError,
  type DynamoDbOptions,
  type RunningDynamoDb,
  startDynamoDb,
} from "./dynamodb.js";
export { JavaMissingError } from "./java.js";
export type { FunctionError } from "./lambda/bootstrap.js";
export type { ProcessInfo } from "./lambda/pool.js";
export type { Outcome } from "./lambda/sandbox.js";
export { type LocalCloud, type LocalCloudOptions, localCloud } from "./local-cloud.js";
export type { LogLine, Notice } from "./notices.js";
export { StateError } from "./state.js";
export { type AppStackOptions, CdkMissingError } from "./synthesize-app.js";
export { AssemblyError } from "./template/assembly.js";
export { TemplateError } from "./template/intrinsics.js";
export type { Ignored } from "./template/plan.js";

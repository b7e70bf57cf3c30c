/** `holdfast/cdk`: what deploys an app. */
export type { BundlingOptions } from "./bundle.js";
export { type ConfigProblem, HoldfastConfigError } from "./config-error.js";
export { DurableFunctions } from "./durable-functions.js";
export {
  DurableTables,
  type DurableTablesProps,
  type HoldfastTables,
  indexNames,
  type TableHandle,
} from "./durable-tables.js";
export { type Bus, EventRoutes, type EventRoutesProps } from "./event-routes.js";
export type { EncryptionKey, KeyHandle } from "./keys.js";
export type { Manifest, ManifestSchedule, ManifestWorkflow } from "./manifest.js";
export type { NetworkProps } from "./network.js";
export type { AlarmThresholds, OperationsProps } from "./operations/props.js";
export {
  type DeploymentOutputs,
  type OutputField,
  outputFields,
  outputKey,
  outputPrefix,
  readDeployments,
} from "./output-names.js";
export type { BucketHandle } from "./payload-bucket.js";
export type { DurableFunctionsProps, LogLevel } from "./props.js";
export { Schedules, type SchedulesProps } from "./schedules.js";
export { Timers, type TimersProps } from "./timers.js";

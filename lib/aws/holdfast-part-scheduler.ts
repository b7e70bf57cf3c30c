/** Of EventBridge Scheduler's client, what this folder's neighbours use. A part (`lib/cdk/parts.ts`). */
export {
  ConflictException,
  CreateScheduleCommand,
  DeleteScheduleCommand,
  GetScheduleCommand,
  ListSchedulesCommand,
  SchedulerClient,
  UpdateScheduleCommand,
} from "@aws-sdk/client-scheduler";

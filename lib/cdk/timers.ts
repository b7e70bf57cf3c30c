import { Arn, ArnFormat, RemovalPolicy, Stack } from "aws-cdk-lib";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { ScheduleGroup } from "aws-cdk-lib/aws-scheduler";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { deadLetterQueue } from "./guarded-queue.js";
import { type EncryptionKey, lockedQueues, withKeys } from "./keys.js";
import { uniqueName } from "./unique-name.js";

/** What timers beyond 15 minutes need. */
export interface TimersProps {
  readonly wakeQueue: Queue;
  /** For the dead-letter queue. */
  readonly encryptionKey?: EncryptionKey;
}

/** What long timers need: a group of schedules, and the role under which each sends its one message to the wake queue. */
export class Timers extends Construct {
  readonly group: ScheduleGroup;
  readonly role: Role;
  /** Where a wake ends that EventBridge Scheduler could not deliver within a day. */
  readonly dlq: Queue;

  constructor(scope: Construct, id: string, props: TimersProps) {
    super(scope, id);
    this.dlq = deadLetterQueue(this, "Dlq", props);
    // Not retained: its schedules can only send to the queue that is deleted with it. The truth about what is due stands in
    // the tables, and the audit of the next deployment wakes it.
    this.group = new ScheduleGroup(this, "Group", {
      scheduleGroupName: uniqueName(this, "Group"),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, "Role", {
      description: "Lets EventBridge Scheduler send wakes to Holdfast's queue",
      assumedBy: new ServicePrincipal("scheduler.amazonaws.com", {
        // Without these, anybody's schedule in any account could be given the role's ARN (the confused deputy).
        conditions: {
          StringEquals: { "aws:SourceAccount": Stack.of(this).account },
          ArnEquals: { "aws:SourceArn": this.group.scheduleGroupArn },
        },
      }),
    });
    const sends = new PolicyStatement({
      actions: ["sqs:SendMessage"],
      resources: [props.wakeQueue.queueArn, this.dlq.queueArn],
    });
    for (const statement of withKeys([sends], lockedQueues(props.wakeQueue, this.dlq)))
      this.role.addToPolicy(statement);
  }

  /** Every schedule of the group. Their names are hashes, so they cannot be listed here; the group is the limit. */
  get anySchedule(): string {
    return Arn.format(
      {
        service: "scheduler",
        resource: "schedule",
        resourceName: `${this.group.scheduleGroupName}/*`,
        arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      },
      Stack.of(this),
    );
  }
}

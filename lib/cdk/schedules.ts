import { Annotations, Arn, ArnFormat, RemovalPolicy, Stack } from "aws-cdk-lib";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { CfnSchedule, ScheduleGroup } from "aws-cdk-lib/aws-scheduler";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct, type IDependable } from "constructs";
import { firingBody } from "../model/firing.js";
import { whyNoRecurrence } from "../model/schedule-expression.js";
import { lockedQueues, withKeys } from "./keys.js";
import type { ManifestWorkflow } from "./manifest.js";
import { uniqueName } from "./unique-name.js";

/** What EventBridge Scheduler itself would do: it tries for a day. Said here, so that the template says it. */
const retryPolicy = { maximumEventAgeInSeconds: 86_400, maximumRetryAttempts: 185 };

/** What the schedules of an app's workflows are made of. */
export interface SchedulesProps {
  readonly workflows: readonly ManifestWorkflow[];
  /** Leads to the start function. A queue, so that a firing outlasts throttling. */
  readonly queue: Queue;
  /** Where a firing ends that could not be put into the queue within a day. */
  readonly dlq: Queue;
  /** Whether clients keep schedules here, too. */
  readonly forClients: boolean;
}

/** Recurring starts: the schedules that workflows declare, a group for those that clients put, and the role under which each sends its message. */
export class Schedules extends Construct {
  readonly role: Role;
  readonly dlq: Queue;
  readonly queue: Queue;
  /** Of the schedules that clients put: they can't touch those that are declared. */
  readonly clientGroup?: ScheduleGroup;
  readonly #declared: CfnSchedule[] = [];

  constructor(scope: Construct, id: string, props: SchedulesProps) {
    super(scope, id);
    this.queue = props.queue;
    this.dlq = props.dlq;
    const declared = props.workflows.flatMap(({ name, schedules = [] }) =>
      schedules.map((schedule) => ({ ...schedule, workflow: name })),
    );
    // Not retained, like the timers' group: their schedules can only send to the queue that is deleted with them.
    const group = (name: string) =>
      new ScheduleGroup(this, name, {
        scheduleGroupName: uniqueName(this, name),
        removalPolicy: RemovalPolicy.DESTROY,
      });
    const declaredGroup = declared.length > 0 ? group("Declared") : undefined;
    if (props.forClients) this.clientGroup = group("Clients");
    const groups = [declaredGroup, this.clientGroup].filter((each) => each !== undefined);
    this.role = new Role(this, "Role", {
      description: "Lets EventBridge Scheduler send firings to Holdfast's queue",
      assumedBy: new ServicePrincipal("scheduler.amazonaws.com", {
        // Without these, anybody's schedule in any account could be given the role's ARN (the confused deputy).
        conditions: {
          StringEquals: { "aws:SourceAccount": Stack.of(this).account },
          ArnEquals: { "aws:SourceArn": groups.map(({ scheduleGroupArn }) => scheduleGroupArn) },
        },
      }),
    });
    const sends = new PolicyStatement({
      actions: ["sqs:SendMessage"],
      resources: [props.queue.queueArn, props.dlq.queueArn],
    });
    for (const statement of withKeys([sends], lockedQueues(props.queue, props.dlq)))
      this.role.addToPolicy(statement);
    if (declaredGroup === undefined) return;
    for (const { workflow, name, expression, timezone } of declared) {
      // No error: what was over last year must not keep anybody from deploying, or from rolling back.
      const why = whyNoRecurrence(expression, timezone, Date.now());
      if (why !== undefined)
        Annotations.of(this).addWarningV2(
          "holdfast:schedule-without-a-time",
          `The schedule "${name}" of workflow "${workflow}" starts nothing. ${expression} in ${timezone}: ${why}. Change it, or take it out of the code.`,
        );
      // The id is what the schedule is called, so that another one leaves it alone. A slash would end the id; an @ is in neither name.
      const schedule = new CfnSchedule(this, `Schedule-${encodeURIComponent(workflow)}@${name}`, {
        groupName: declaredGroup.scheduleGroupName,
        description: `Starts "${workflow}" (${name})`,
        scheduleExpression: expression,
        scheduleExpressionTimezone: timezone,
        flexibleTimeWindow: { mode: "OFF" },
        target: {
          arn: props.queue.queueArn,
          roleArn: this.role.roleArn,
          input: firingBody({ by: "workflow", workflow, schedule: name }),
          retryPolicy,
          deadLetterConfig: { arn: props.dlq.queueArn },
        },
      });
      // A rate fires as soon as it is there: its role must be allowed to send by then.
      schedule.node.addDependency(this.role);
      // It names the group by its text, which CloudFormation can't follow.
      schedule.node.addDependency(declaredGroup);
      this.#declared.push(schedule);
    }
  }

  /** What a firing needs is there before the first one: code that knows the schedule. */
  follow(consumer: IDependable): void {
    for (const schedule of this.#declared) schedule.node.addDependency(consumer);
  }

  /** Every schedule of the clients' group. */
  anyOf(group: ScheduleGroup): string {
    return Arn.format(
      {
        service: "scheduler",
        resource: "schedule",
        resourceName: `${group.scheduleGroupName}/*`,
        arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      },
      Stack.of(this),
    );
  }
}

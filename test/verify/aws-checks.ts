/** What only the account can tell: its metrics, its logs, its deployments, and what it refuses. By the AWS CLI, as a person would look. */
import { steps } from "./app.js";
import { type Check, hold } from "./check.js";
import type { Ground } from "./ground.js";
import { STACK } from "./stack.js";

const FUNCTIONS = ["Start", "Worker", "Deliver", "Relay", "Audit"] as const;

/** CloudWatch has what happened after some minutes. */
const METRICS_AFTER_SECONDS = 360;

/** The sum of a metric since a moment; 0 where nothing was written down. */
function sum(
  { cli }: Ground,
  since: Date,
  namespace: string,
  metric: string,
  ...dimensions: readonly string[]
): number {
  const answer = cli(
    ...["cloudwatch", "get-metric-statistics", "--namespace", namespace, "--metric-name", metric],
    ...["--statistics", "Sum", "--period", "60", "--dimensions", ...dimensions],
    ...["--start-time", since.toISOString(), "--end-time", new Date().toISOString()],
  );
  const points: readonly { readonly Sum: number }[] = Object(answer).Datapoints ?? [];
  return points.reduce((total, { Sum }) => total + Sum, 0);
}

/** Messages of a function's log that a filter pattern finds. */
function logged({ cli, output }: Ground, name: string, pattern: string): readonly string[] {
  const configuration = cli(
    "lambda",
    "get-function-configuration",
    "--function-name",
    output(`${name}Function`),
  );
  const group: string = Object(configuration).LoggingConfig.LogGroup;
  const answer = cli("logs", "filter-log-events", "--log-group-name", group, "--filter-pattern", pattern);
  const events: readonly { readonly message: string }[] = Object(answer).events ?? [];
  return events.map(({ message }) => message);
}

/** A command of the CLI that must be refused. */
function refused({ cli }: Ground, ...args: readonly string[]): string {
  try {
    cli(...args);
  } catch {
    return "refused";
  }
  hold(false, `${args.slice(0, 2).join(" ")} was allowed`);
  return "allowed";
}

export const awsChecks: readonly Check[] = [
  {
    id: "capacity",
    title: "A run of 100 steps costs 104 write units, and calls the relay not once",
    needs: "aws",
    minutes: 10,
    async run(ground) {
      // What went before is written down by then, in minutes of its own.
      await ground.pass(120);
      const since = new Date(Math.ceil(Date.now() / 60_000) * 60_000);
      await ground.pass((since.getTime() - Date.now()) / 1_000);
      await ground.client.start(
        steps.name,
        { count: 100 },
        { id: `hundred-${since.getTime()}`, wait: "50s" },
      );
      await ground.pass(METRICS_AFTER_SECONDS);
      const table = `Name=TableName,Value=${ground.output("ExecutionsTable")}`;
      const units = (...index: readonly string[]) =>
        sum(ground, since, "AWS/DynamoDB", "ConsumedWriteCapacityUnits", table, ...index);
      const indexes = ["byWorkflow", "byStatus"].map((name) =>
        units(`Name=GlobalSecondaryIndexName,Value=${name}`),
      );
      const total = units() + indexes.reduce((all, one) => all + one, 0);
      const relay = `Name=FunctionName,Value=${ground.output("RelayFunction")}`;
      const calls = sum(ground, since, "AWS/Lambda", "Invocations", relay);
      const found = `${units()} on the table, ${indexes.join(" and ")} on the indexes; ${calls} calls of the relay`;
      hold(total <= 104 && calls === 0, found);
      return found;
    },
  },
  {
    id: "plain-http",
    title: "The bucket and the queues refuse plain HTTP",
    needs: "aws",
    minutes: 1,
    async run(ground) {
      const region = String(await regionOf(ground));
      const http = (service: string) => ["--endpoint-url", `http://${service}.${region}.amazonaws.com`];
      const queue = ["--queue-url", ground.output("WakeQueueUrl")];
      const bucket = ["--bucket", ground.output("PayloadBucket")];
      refused(ground, "s3api", "list-objects-v2", ...bucket, ...http("s3"));
      refused(
        ground,
        "sqs",
        "get-queue-attributes",
        ...queue,
        "--attribute-names",
        "QueueArn",
        ...http("sqs"),
      );
      return "refused, both";
    },
  },
  {
    id: "deploy-order",
    title: "A rule is made only once deliver and start have the code that knows its event",
    needs: "aws",
    minutes: 1,
    async run({ cli }) {
      const answer = cli("cloudformation", "describe-stack-events", "--stack-name", STACK);
      const events: readonly {
        LogicalResourceId: string;
        ResourceStatus: string;
        ResourceType: string;
        Timestamp: string;
      }[] = Object(answer).StackEvents;
      const done = events.filter(({ ResourceStatus }) => ResourceStatus === "CREATE_COMPLETE");
      const times = (isMeant: (one: (typeof done)[number]) => boolean) =>
        done.filter(isMeant).map(({ Timestamp }) => Date.parse(Timestamp));
      const functions = times(({ LogicalResourceId }) =>
        /^Holdfast(Deliver|Start)Function/.test(LogicalResourceId),
      );
      const rules = times(
        ({ ResourceType, LogicalResourceId }) =>
          ResourceType === "AWS::Events::Rule" && !LogicalResourceId.startsWith("HoldfastAudit"),
      );
      hold(functions.length > 0 && rules.length > 0, "the stack's creation is not among its last events");
      hold(Math.max(...functions) <= Math.min(...rules), "a rule was there before its function");
      return `${rules.length} rules after ${functions.length} functions`;
    },
  },
  {
    id: "retention",
    title: "After an hour executions are archived and deleted",
    needs: "aws",
    minutes: 90,
    async run(ground) {
      await ground.client.start(steps.name, { count: 1 }, { id: "old", wait: "30s" });
      await ground.pass(85 * 60);
      hold(!(await ground.client.exists("old")), "it is still there");
      const day = new Date().toISOString().slice(0, 10).replaceAll("-", "/");
      const bucket = ground.output("PayloadBucket");
      const prefix = `_archive/steps/${day}/`;
      const listed = ground.cli("s3api", "list-objects-v2", "--bucket", bucket, "--prefix", prefix);
      const archived: readonly unknown[] = Object(listed).Contents ?? [];
      hold(archived.length > 0, `nothing under ${prefix}`);
      return `deleted, and ${archived.length} archived`;
    },
  },
  {
    id: "idle",
    title: "What an idle hour costs: empty receives, and calls of the audit",
    needs: "aws",
    minutes: 70,
    async run(ground) {
      const since = new Date();
      await ground.pass(3_600 + METRICS_AFTER_SECONDS);
      const found = ["WakeQueueUrl", "DeliverQueueUrl", "StartQueueUrl"].map((output) => {
        const name = ground.output(output).split("/").at(-1) ?? "";
        return `${name}: ${sum(ground, since, "AWS/SQS", "NumberOfEmptyReceives", `Name=QueueName,Value=${name}`)}`;
      });
      return `empty receives in an hour: ${found.join(", ")}`;
    },
  },
  {
    id: "cold-start",
    title: "How long functions take to start, as a figure",
    needs: "aws",
    minutes: 1,
    async run(ground) {
      const found = FUNCTIONS.map((name) => {
        const times = logged(ground, name, '"Init Duration"').flatMap((line) =>
          [...line.matchAll(/Init Duration: ([\d.]+) ms/g)].map(([, ms]) => Number(ms)),
        );
        return `${name} ${times.length === 0 ? "?" : `${Math.max(...times)} ms of ${times.length}`}`;
      });
      return `the slowest of each: ${found.join(", ")}`;
    },
  },
  {
    id: "denials",
    title: "No function was denied anything that it asked for",
    needs: "aws",
    minutes: 1,
    async run(ground) {
      const found = FUNCTIONS.flatMap((name) =>
        logged(ground, name, '?AccessDenied ?"not authorized"').map(
          (line) => `${name}: ${line.slice(0, 300)}`,
        ),
      );
      hold(found.length === 0, found.join("\n"));
      return "no AccessDenied in five logs";
    },
  },
];

/** The stack's own, from the ARN of its queue. */
async function regionOf(ground: Ground): Promise<string | undefined> {
  return ground.output("WakeQueueArn").split(":")[3];
}

import { Policy, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { CfnAlias, type Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { acknowledgeWildcards } from "./acknowledged.js";

/**
 * Every deploy that changes the worker publishes a version of it, and what feeds it moves to that one. The versions before stay, for executions that are
 * pinned to them: a worker that gets the wake of one invokes the version that it is pinned to.
 *
 * Each costs nothing while nobody invokes it, but counts towards the 75 GB of code that Lambda stores for an account and region; `holdfast versions
 * prune` deletes those that nobody needs.
 */
export class PublishedVersions extends Construct {
  /** Of the alias that points to the newest one. */
  readonly liveArn: string;

  constructor(scope: Construct, id: string, { worker }: { readonly worker: LambdaFunction }) {
    super(scope, id);
    const live = new CfnAlias(this, "Live", {
      functionName: worker.functionName,
      functionVersion: worker.currentVersion.version,
      name: "live",
    });
    this.liveArn = live.ref;
    // Apart from the role's own policy: the function waits for that one, and this one for the function.
    const statements = [
      new PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: [`${worker.functionArn}:*`] }),
    ];
    const invokesVersions = new Policy(this, "InvokesVersions", { statements });
    acknowledgeWildcards(invokesVersions, statements);
    if (worker.role !== undefined) invokesVersions.attachToRole(worker.role);
  }
}

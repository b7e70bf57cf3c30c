/** A shop, as somebody who uses the package would deploy it: two stages in one account, each with its data apart from its functions. */
import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import { DataStack } from "../stacks/data-stack.js";
import { ShopStack } from "../stacks/shop-stack.js";

const app = new App();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));

// The account is that of whoever deploys. Tables with a key of one's own need a region that is known.
const env = { region: "eu-central-1" };
for (const stage of ["Staging", "Production"]) {
  const data = new DataStack(app, `Shop${stage}Data`, { env, disposable: stage === "Staging" });
  new ShopStack(app, `Shop${stage}`, { env, data });
}

app.synth();

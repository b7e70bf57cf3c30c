/** What is deployed: one stack with one deployment of Holdfast, which runs the workflows of `workflows/app.ts`. */
import { App, Stack } from "aws-cdk-lib";
import { DurableFunctions } from "holdfast/cdk";

const cdk = new App();
const stack = new Stack(cdk, "Shop");

// With this id, the names of the stack's outputs carry no prefix.
new DurableFunctions(stack, "Holdfast", {
  app: "workflows/app.ts",
  serviceName: "shop",
});

// What your steps use is granted to the functions that run them: keep the construct in a constant, `workflows`, and
// table.grantReadWriteData(workflows.worker); table.grantReadWriteData(workflows.start);
cdk.synth();

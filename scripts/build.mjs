// Compiles lib/ and functions/ into dist/, from nothing, so that a file deleted from the source is gone from the package too.
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
  stdio: "inherit",
});
const command = "dist/lib/cli/main.js";
if (existsSync(command)) chmodSync(command, 0o755);

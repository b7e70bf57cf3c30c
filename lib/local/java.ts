/**
 * Starts a Java process that cannot outlive us, and explains a missing or old Java.
 *
 * Nothing is asked of Java before the start: `java -version` costs ~100 ms and the answer matters
 * only when the start fails, so it is asked then.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** DynamoDB Local 3.x is compiled for this release. */
const JAVA_MAJOR_MIN = 17;

/** Java is not installed, or is too old for DynamoDB Local. */
export class JavaMissingError extends Error {
  override readonly name = "JavaMissingError";

  constructor(
    readonly found: string,
    platform: NodeJS.Platform = process.platform,
  ) {
    super(
      [
        "DynamoDB Local could not be started, because it needs Java.",
        `  expected: Java ${JAVA_MAJOR_MIN} or newer, as \`java\` on the PATH or under JAVA_HOME`,
        `  found:    ${found}`,
        `  install:  ${installCommand(platform)}`,
        "Or point AWS_ENDPOINT_URL_DYNAMODB at a DynamoDB that is already running.",
      ].join("\n"),
    );
  }
}

const installCommand = (platform: NodeJS.Platform): string => {
  switch (platform) {
    case "darwin":
      return "brew install openjdk@17";
    case "win32":
      return "winget install EclipseAdoptium.Temurin.17.JRE";
    default:
      return "sudo apt-get install -y openjdk-17-jre-headless";
  }
};

/** JAVA_HOME wins, as it does for every Java tool; a JAVA_HOME that points nowhere is ignored. */
export const javaCommand = (env: NodeJS.ProcessEnv = process.env): string => {
  const home = env.JAVA_HOME;
  if (home === undefined || home === "") return "java";
  const command = join(home, "bin", process.platform === "win32" ? "java.exe" : "java");
  return existsSync(command) ? command : "java";
};

/** Reads the major release out of `java -version`: `"17.0.15"` is 17, and the old `"1.8.0"` is 8. */
export const javaMajor = (versionOutput: string): number | undefined => {
  const match = /version "(?:1\.)?(\d+)/.exec(versionOutput);
  return match?.[1] === undefined ? undefined : Number(match[1]);
};

/** Says why Java did not start: an error when Java is the reason, `undefined` when it is not. */
export const diagnoseJava = (command: string): JavaMissingError | undefined => {
  const answer = spawnSync(command, ["-version"], { encoding: "utf8", timeout: 20_000 });
  if (answer.error !== undefined || answer.status !== 0) return new JavaMissingError("no Java");
  const line = (answer.stderr || answer.stdout).split("\n")[0]?.trim() ?? "";
  const major = javaMajor(line);
  if (major === undefined) return undefined;
  return major < JAVA_MAJOR_MIN ? new JavaMissingError(line) : undefined;
};

/**
 * The shell holds a pipe from us. When we die, even by SIGKILL, the pipe ends and Java goes with it:
 * asked first, because a database on disk wants to close its files, then killed.
 * Exit handlers in our own process cannot promise that.
 */
const WATCHDOG = [
  "exec 3<&0",
  '"$@" </dev/null 3<&- & java=$!',
  "( cat <&3; kill $java; i=0; while kill -0 $java && [ $i -lt 30 ]; do sleep 0.1; i=$((i+1)); done; kill -9 $java ) >/dev/null 2>&1 &",
  "exec 3<&-",
  "wait $java",
].join("\n");

/** Starts Java in a process group of its own, so that Ctrl-C reaches us alone and we stop it in order. */
export const spawnJava = (command: string, args: readonly string[], cwd: string): ChildProcess =>
  process.platform === "win32"
    ? spawn(command, args, { cwd, stdio: ["pipe", "pipe", "pipe"], windowsHide: true })
    : spawn("/bin/sh", ["-c", WATCHDOG, "sh", command, ...args], {
        cwd,
        stdio: ["pipe", "pipe", "pipe"],
        detached: true,
      });

/** Ends what `spawnJava` started, and resolves when it has ended. */
export const stopJava = (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.stdin?.destroy();
    if (process.platform === "win32") child.kill();
  });
};

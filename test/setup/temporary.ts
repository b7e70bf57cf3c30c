/**
 * One folder for all temporary files of a test run, gone with the run: also those of a test that was killed, and of modules that several
 * files share.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export default (): (() => void) => {
  const before = process.env.TMPDIR;
  const directory = mkdtempSync(join(tmpdir(), "holdfast-tests-"));
  process.env.TMPDIR = directory;
  return () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(directory, { recursive: true, force: true });
  };
};

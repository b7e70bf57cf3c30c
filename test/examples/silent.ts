import { afterEach, beforeEach, vi } from "vitest";

/** The stand-ins of `services.ts` say what they do, which no test needs to read. To be called at the top of a test file. */
export function silent(): void {
  beforeEach(() => {
    vi.spyOn(console, "log").mockImplementation(() => {});
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
}

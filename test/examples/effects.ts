import { afterEach, beforeEach, vi } from "vitest";

/** What the stand-ins of `services.ts` said since the last call, in order. To be called at the top of a test file. */
export function effects(): () => string[] {
  let said: string[] = [];
  beforeEach(() => {
    said = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => {
      const { effect }: { effect: string } = JSON.parse(line);
      said.push(effect);
    });
  });
  afterEach(() => vi.restoreAllMocks());
  return () => said.splice(0);
}

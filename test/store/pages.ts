/** All pages of a listing, as somebody who follows its cursors sees them. */
import type { Page } from "../../lib/store/ports.js";

export async function pagesOf<T>(
  list: (from: { readonly cursor?: string }) => Promise<Page<T>>,
): Promise<T[][]> {
  const found: T[][] = [];
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await list(cursor === undefined ? {} : { cursor });
    found.push([...page.items]);
    cursor = page.cursor;
  }
  return found;
}

export function idsOf(pages: readonly (readonly { readonly executionId: string }[])[]): string[] {
  return pages.flat().map((one) => one.executionId);
}

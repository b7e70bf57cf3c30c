import type { Item } from "./item.js";

/** The attributes that an update with `ALL_NEW` returns; DynamoDB always sends them, which its types can't say. */
export function answered(output: { readonly Attributes?: Item | undefined }): Item {
  if (output.Attributes !== undefined) return output.Attributes;
  throw new Error(
    "DynamoDB answered an update without the attributes that it was asked to return. The write is done; repeat it to get them.",
  );
}

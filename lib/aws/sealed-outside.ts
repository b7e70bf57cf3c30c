/** The Outside of a function whose app seals what is stored. */
import type { App } from "../define/app.js";
import type { PayloadCodec } from "../model/codec.js";
import type { Store } from "../store/ports.js";
import { sealedStore } from "../store/sealed/index.js";
import { once } from "./once.js";
import type { AwsOutside } from "./outside.js";

/** As `outsideOf` gives it, its store sealed by the app's codec, if that has one. Made once: what is known of a store is known by it. */
export function sealedBy({ codec }: Pick<App, "codec">, outsideOf: () => AwsOutside): () => AwsOutside {
  return codec === undefined ? outsideOf : once(() => withCodec(outsideOf(), codec));
}

/** What is looked up only when it is needed still is. */
export function withCodec<Any extends { readonly store: Store }>(outside: Any, codec: PayloadCodec): Any {
  return Object.defineProperties(Object.create(null), {
    ...Object.getOwnPropertyDescriptors(outside),
    store: { value: sealedStore(outside.store, codec), enumerable: true },
  });
}

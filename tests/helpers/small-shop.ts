/** Loaded into a demo under test by `node --import`: its shop gets a tenth of the rows. */
import { registerHooks } from "node:module";

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith("/src/demo/shop/amounts.ts")) return loaded;
    const source = String(loaded.source).replaceAll(
      /(?<== )(\d+)_000;/g,
      (_, thousands) => `${Number(thousands) * 100};`,
    );
    return { ...loaded, source };
  },
});

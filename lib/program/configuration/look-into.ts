// A configuration as somebody else looks at it: its values, and where each of them is to be changed.
import { formatConfigurationError } from "./given.ts";
import type { LoadResult } from "./load.ts";

export type LookedInto<Value> =
  | {
      readonly ok: true;
      readonly value: Value;
      /** `cfs.yaml:12 cx.originHost`: line of the key, or of the group that it would stand in. */
      place(path: string): string;
    }
  /** One line for each mistake. */
  | { readonly ok: false; readonly lines: readonly string[] };

export function lookInto<Value>(loaded: LoadResult<Value>): LookedInto<Value> {
  if (!loaded.ok) return { ok: false, lines: loaded.errors.map(formatConfigurationError) };
  return {
    ok: true,
    value: loaded.value,
    place(path) {
      const origin = loaded.origin(path);
      switch (origin.kind) {
        case "file":
          return `${origin.file}:${origin.line} ${path}`;
        case "environment":
          return `${origin.variable} (${path})`;
        case "default":
          return path;
      }
    },
  };
}

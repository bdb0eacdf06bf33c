// What an owner may put into a request in a dialog. RFC 3261 12.2.1.1.
import type { HeaderPair } from "../message.ts";
import type { Body } from "./body.ts";

export interface InDialogRequestOptions {
  readonly headers?: Iterable<HeaderPair>;
  readonly body?: Body | null;
}

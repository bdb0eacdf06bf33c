// What a port of the host could not do.

export type RuntimeErrorCode =
  | "address-in-use"
  | "no-permission"
  | "bad-address"
  | "refused"
  | "timed-out"
  | "unreachable"
  | "bad-key";

/** `code` is stable, the message is for people. */
export class RuntimeError extends Error {
  override readonly name = "RuntimeError";
  readonly code: RuntimeErrorCode;

  constructor(code: RuntimeErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

// What every decoder of ours returns: the value, or the field that is wrong and what to do about it.

/** `field` is a path such as `answers[0].reason`; `detail` names the value met and the remedy. */
export interface DecodeFailure {
  readonly ok: false;
  readonly field: string;
  readonly detail: string;
}

export type DecodeResult<Value> = { readonly ok: true; readonly value: Value } | DecodeFailure;

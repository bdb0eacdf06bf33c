// Which key is believed to be that of (identity, instance): when a hello is taken, when its key is bound. cfs-ue 6.
import type { BelievedHello, Binding, LcfRow, SubscriptionRow } from "./rows.ts";

export type HelloVerdict =
  | {
      readonly ok: true;
      readonly lcf: LcfRow;
      /** The key is bound already: its LCF can be commanded at once. */
      readonly bound: boolean;
    }
  | { readonly ok: false; readonly detail: string };

function bindingOf(lcf: LcfRow, instance: string | null): Binding | undefined {
  return lcf.bindings.find((binding) => binding.instance === instance);
}

/** Without the bindings whose last dialog has expired. */
export function lapseBindings(lcf: LcfRow, now: number): LcfRow {
  const bindings = lcf.bindings.filter((binding) => binding.until > now);
  return bindings.length === lcf.bindings.length ? lcf : { ...lcf, bindings };
}

function withBinding(lcf: LcfRow, binding: Binding): LcfRow {
  const others = lcf.bindings.filter((other) => other.instance !== binding.instance);
  return { ...lcf, bindings: [...others, binding] };
}

/** A verified hello opens a dialog, which becomes the current one; refused when another key is bound to its pair. */
export function takeHello(
  known: LcfRow,
  hello: BelievedHello,
  dialog: { readonly localTag: string; readonly expiresAt: number; readonly now: number },
): HelloVerdict {
  const lcf = lapseBindings(known, dialog.now);
  const binding = bindingOf(lcf, hello.claims.instance);
  const dialogs = [dialog.localTag, ...lcf.dialogs.filter((tag) => tag !== dialog.localTag)];
  const opened: LcfRow = { ...lcf, dialogs, lastEnd: null };
  if (binding === undefined) {
    if (hello.signedBy === hello.kid) return { ok: true, lcf: opened, bound: false };
    return { ok: false, detail: `signed by key ${hello.signedBy}, which is bound to nothing` };
  }
  if (binding.kid === hello.kid) {
    const until = Math.max(binding.until, dialog.expiresAt);
    return { ok: true, lcf: withBinding(opened, { ...binding, until }), bound: true };
  }
  if (hello.signedBy === binding.kid) return { ok: true, lcf: opened, bound: false };
  return { ok: false, detail: `key ${hello.kid}, but ${binding.kid} is bound and has not signed it` };
}

/** The challenge came back signed by the hello's key: binds it, unless another one was bound meanwhile. */
export function bindKey(
  known: LcfRow,
  hello: BelievedHello,
  times: { readonly expiresAt: number; readonly now: number },
): HelloVerdict {
  const lcf = lapseBindings(known, times.now);
  const binding = bindingOf(lcf, hello.claims.instance);
  const replaces = binding !== undefined && hello.signedBy === binding.kid;
  if (binding !== undefined && binding.kid !== hello.kid && !replaces)
    return { ok: false, detail: `key ${hello.kid}, but ${binding.kid} was bound meanwhile` };
  const { identity, instance } = hello.claims;
  const { kid, jwk } = hello;
  const since = binding?.since ?? times.now;
  const bound: Binding = { identity, instance, kid, jwk, since, until: times.expiresAt };
  return { ok: true, lcf: withBinding(lcf, bound), bound: true };
}

/** A refresh: the binding lasts as long as its dialog. */
export function prolongBinding(lcf: LcfRow, kid: string, expiresAt: number): LcfRow {
  const binding = lcf.bindings.find((one) => one.kid === kid);
  if (binding === undefined || binding.until >= expiresAt) return lcf;
  return withBinding(lcf, { ...binding, until: expiresAt });
}

/** A dialog is gone. */
export function closeDialog(lcf: LcfRow, localTag: string, end: LcfRow["lastEnd"]): LcfRow {
  const dialogs = lcf.dialogs.filter((tag) => tag !== localTag);
  return dialogs.length === lcf.dialogs.length ? lcf : { ...lcf, dialogs, lastEnd: end };
}

/** The one binding that commands are for; null when there is none, or several devices hide in the record. */
export function soleBinding(lcf: LcfRow, now: number): Binding | null {
  const [binding, other] = lapseBindings(lcf, now).bindings;
  return binding === undefined || other !== undefined ? null : binding;
}

/** Whether a dialog's LCF proved itself with the key that is bound now. */
export function isBoundBy(row: SubscriptionRow, binding: Binding): boolean {
  return row.bound && row.hello?.kid === binding.kid;
}

/**
 * The dialog that carries commands: that of the newest hello of the bound key, an older one only when all newer ones
 * have failed or are suspect. Null: none can.
 */
export function carrierOf(
  lcf: LcfRow,
  now: number,
  rowOf: (localTag: string) => SubscriptionRow | null,
): SubscriptionRow | null {
  const binding = soleBinding(lcf, now);
  if (binding === null) return null;
  for (const tag of lcf.dialogs) {
    const row = rowOf(tag);
    if (row?.state === "active" && isBoundBy(row, binding) && row.expiresAt > now) return row;
  }
  return null;
}

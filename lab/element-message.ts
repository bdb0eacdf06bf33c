// What the lab and a process that is one of its elements say to each other.

import type { Address } from "@liquid-ims/runtime/network";
import type { LogLevel } from "@liquid-ims/runtime/nodejs";
import type { RuntimeErrorCode } from "@liquid-ims/runtime/runtime-error";
import type { ElementKind, ElementSpecs } from "./element.ts";

/** Something that an element sent. */
export interface SentData {
  /** Milliseconds of the machine's monotonic clock, which all its processes share. */
  readonly at: number;
  readonly transport: "udp" | "tcp";
  readonly from: Address;
  readonly to: Address;
  readonly data: Uint8Array;
}

/** The first message to an element's process. */
export interface StartMessage {
  readonly type: "start";
  readonly name: string;
  readonly kind: ElementKind;
  readonly spec: ElementSpecs[ElementKind];
  /** Where the stores of CFD and CFS lie. */
  readonly folder: string;
  readonly logLevel: LogLevel;
}

/** Now, as `SentData.at`. */
export function machineNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export type ToElement =
  | StartMessage
  /** Answered by `settled` when everything that was sent before has been told. */
  | { readonly type: "settle" };

export type FromElement =
  | { readonly type: "ready" }
  /** What a person can mend has a code. */
  | { readonly type: "failed"; readonly code: RuntimeErrorCode | null; readonly message: string }
  | { readonly type: "sent"; readonly sent: readonly SentData[] }
  | { readonly type: "settled" };

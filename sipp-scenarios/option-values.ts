// Values of the command line; a wrong one throws with what is allowed, and commander puts option and value before it.
import { InvalidArgumentError } from "commander";
import type { Mix } from "./third-party-register/load-plan.ts";

/** Steps of a ramp, a second. */
export interface Ramp {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** REGISTERs a second that SIPp may be asked for. */
export const highestRate = 20_000;
const mostSteps = 100;

export function wholeNumber(low: number, high: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < low || value > high)
      throw new InvalidArgumentError(`a whole number from ${low} to ${high} is allowed.`);
    return value;
  };
}

/** Milliseconds of seconds. */
export function parseSeconds(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 3600))
    throw new InvalidArgumentError("seconds from 0 to 3600 are allowed, such as 1.5.");
  return value * 1000;
}

/** `new:refresh:deregister`. */
export function parseMix(text: string): Mix {
  const parts = /^(\d{1,6}):(\d{1,6}):(\d{1,6})$/.exec(text)?.slice(1).map(Number) ?? [];
  const [fresh, refresh, deregister] = parts;
  if (
    fresh === undefined ||
    refresh === undefined ||
    deregister === undefined ||
    fresh + refresh + deregister === 0
  )
    throw new InvalidArgumentError("new:refresh:deregister is allowed, whole numbers, such as 70:25:5.");
  return { new: fresh, refresh, deregister };
}

/** `from:to:step`. */
export function parseRamp(text: string): Ramp {
  const parts = /^(\d{1,6}):(\d{1,6}):(\d{1,6})$/.exec(text)?.slice(1).map(Number) ?? [];
  const [from, to, step] = parts;
  const allowed = `from:to:step is allowed, whole numbers from 1 to ${highestRate} with from <= to and at most ${mostSteps} steps, such as 200:2000:200.`;
  if (from === undefined || to === undefined || step === undefined) throw new InvalidArgumentError(allowed);
  const fits = from >= 1 && step >= 1 && from <= to && to <= highestRate && (to - from) / step < mostSteps;
  if (!fits) throw new InvalidArgumentError(allowed);
  return { from, to, step };
}

/** Rates of a ramp: `to` is the last one, even when the steps do not meet it. */
export function ratesOf({ from, to, step }: Ramp): readonly number[] {
  const rates: number[] = [];
  for (let rate = from; rate < to; rate += step) rates.push(rate);
  return [...rates, to];
}

/** `host:port`, IPv6 in brackets. */
export function parseHostPort(text: string): string {
  const port = Number(/^(?:\[[0-9a-fA-F:.]+\]|[^\s:[\]/]+):(\d{1,5})$/.exec(text)?.[1] ?? 0);
  if (port < 1 || port > 65_535)
    throw new InvalidArgumentError("host:port is allowed, such as 127.0.0.1:7080 or [::1]:7080.");
  return text;
}

// What an experiment shows while it runs: a live picture in a terminal, plain lines elsewhere.
import type { Progress } from "./experiments/experiment.ts";

export interface View {
  show(progress: Progress): void;
  /** The last picture stays; the cursor is below it. */
  end(): void;
}

export interface Screen {
  write(text: string): void;
  /** Columns; 0 when it is no terminal. */
  readonly columns: number;
}

const bars = "▁▂▃▄▅▆▇█";
/** Samples in a sparkline. */
const history = 40;
/** Script seconds between two plain lines. */
const lineEvery = 10;

/** The last values as a line of bars, scaled to `top`. */
export function sparkline(values: readonly number[], top: number): string {
  return values
    .map((value) =>
      bars.charAt(
        Math.min(bars.length - 1, Math.max(0, Math.round((value / Math.max(top, 1e-9)) * (bars.length - 1)))),
      ),
    )
    .join("");
}

/** `[######....]  6 of 10`. */
export function progressBar(done: number, all: number, width: number): string {
  const filled = all === 0 ? width : Math.round((done / all) * width);
  return `[${"#".repeat(filled)}${".".repeat(width - filled)}] ${done} of ${all}`;
}

function transferText({ transfer }: Progress, width: number): string {
  if (transfer === null) return "transfer   not yet asked for";
  return `transfer   ${progressBar(transfer.moved, transfer.planned, width)} moved, ${transfer.left} left  ${transfer.state}`;
}

function dialogText(progress: Progress): string {
  return `calls      ${progress.callsUp} up, ${progress.callsAttempted} placed; dialogs ${progress.dialogsKept} kept, ${progress.dialogsLost} lost`;
}

function createLiveView(screen: Screen): View {
  const past = new Map<string, number[]>();
  let drawn = 0;
  return {
    show(progress) {
      const lines = [`time       ${progress.second.toFixed(1)} s of the script`];
      for (const { name, users, sessionsPerSecond } of progress.functions) {
        const values = [...(past.get(name) ?? []), sessionsPerSecond].slice(-history);
        past.set(name, values);
        const top = Math.max(1, ...[...past.values()].flat());
        const figures = `${String(users).padStart(4)} users ${sessionsPerSecond.toFixed(1).padStart(6)} sessions/s`;
        lines.push(`${name.padEnd(10)} ${figures}  ${sparkline(values, top)}`);
      }
      lines.push(transferText(progress, 30), dialogText(progress));
      const up = drawn === 0 ? "" : `\x1b[${drawn}A`;
      screen.write(
        up + lines.map((line) => `\x1b[2K${line.slice(0, Math.max(20, screen.columns - 1))}\n`).join(""),
      );
      drawn = lines.length;
    },
    end() {
      drawn = 0;
    },
  };
}

function createPlainView(screen: Screen): View {
  let next = 0;
  let state = "";
  return {
    show(progress) {
      const present = progress.transfer?.state ?? "";
      if (progress.second < next && present === state) return;
      next = (Math.floor(progress.second / lineEvery) + 1) * lineEvery;
      state = present;
      const users = progress.functions
        .filter((one) => one.users > 0)
        .map((one) => `${one.name} ${one.users}`);
      const transfer =
        progress.transfer === null ? "" : `; ${transferText(progress, 10).replace(/\s+/g, " ")}`;
      screen.write(
        `${progress.second.toFixed(0).padStart(4)} s  users: ${users.join(", ")}; ${dialogText(progress).replace(/\s+/g, " ")}${transfer}\n`,
      );
    },
    end: () => undefined,
  };
}

export function createView(screen: Screen): View {
  return screen.columns > 0 ? createLiveView(screen) : createPlainView(screen);
}

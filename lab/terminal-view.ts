// What an experiment shows while it runs: a live picture in a terminal, plain lines elsewhere.
import type { AnyProgress, Progress, ScaleProgress } from "./experiments/experiment.ts";

export interface View {
  show(progress: AnyProgress): void;
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

function changeText({ change }: ScaleProgress): string {
  if (change === null) return "change     not yet ordered";
  return `change     ${change.action} ${change.function}  ${change.state}`;
}

function registrationText({ registrations }: ScaleProgress): string {
  const { attempted, completed, failed } = registrations;
  return `users      ${attempted} registrations begun, ${completed} completed, ${failed} failed`;
}

/** What a progress is to a view, whatever the experiment. */
interface Picture {
  readonly second: number;
  /** A plain line is due when it changes. */
  readonly state: string;
  readonly functions: readonly { readonly name: string; readonly figures: string; readonly value: number }[];
  /** Below the functions. */
  readonly lines: readonly string[];
  /** All of it in one line, without the time. */
  readonly plain: string;
}

/** In one line single blanks do. */
function squeezed(text: string): string {
  return text.replace(/\s+/g, " ");
}

function pictureOfScale(progress: ScaleProgress): Picture {
  const { second, functions, change } = progress;
  const rates = functions.map((one) => `${one.name} ${one.registersPerSecond.toFixed(1)}/s`).join(", ");
  const lines = [changeText(progress), registrationText(progress)];
  return {
    second,
    state: change === null ? "" : `${change.action} ${change.state}`,
    functions: functions.map(({ name, registersPerSecond }) => ({
      name,
      figures: `${registersPerSecond.toFixed(1).padStart(6)} REGISTERs/s`,
      value: registersPerSecond,
    })),
    lines,
    plain: [`REGISTERs: ${rates}`, ...lines.toReversed().map(squeezed)].join("; "),
  };
}

function pictureOfTransfer(progress: Progress): Picture {
  const { second, transfer } = progress;
  const users = progress.functions.filter((one) => one.users > 0).map((one) => `${one.name} ${one.users}`);
  const plain = [`users: ${users.join(", ")}`, squeezed(dialogText(progress))];
  if (transfer !== null) plain.push(squeezed(transferText(progress, 10)));
  return {
    second,
    state: transfer?.state ?? "",
    functions: progress.functions.map(({ name, users: count, sessionsPerSecond }) => ({
      name,
      figures: `${String(count).padStart(4)} users ${sessionsPerSecond.toFixed(1).padStart(6)} sessions/s`,
      value: sessionsPerSecond,
    })),
    lines: [transferText(progress, 30), dialogText(progress)],
    plain: plain.join("; "),
  };
}

function pictureOf(progress: AnyProgress): Picture {
  return "registrations" in progress ? pictureOfScale(progress) : pictureOfTransfer(progress);
}

function createLiveView(screen: Screen): View {
  const past = new Map<string, number[]>();
  let drawn = 0;
  return {
    show(progress) {
      const picture = pictureOf(progress);
      const lines = [`time       ${picture.second.toFixed(1)} s of the script`];
      for (const { name, figures, value } of picture.functions) {
        const values = [...(past.get(name) ?? []), value].slice(-history);
        past.set(name, values);
        const top = Math.max(1, ...[...past.values()].flat());
        lines.push(`${name.padEnd(10)} ${figures}  ${sparkline(values, top)}`);
      }
      lines.push(...picture.lines);
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
  let last = "";
  return {
    show(progress) {
      const { second, state, plain } = pictureOf(progress);
      if (second < next && state === last) return;
      next = (Math.floor(second / lineEvery) + 1) * lineEvery;
      last = state;
      screen.write(`${second.toFixed(0).padStart(4)} s  ${plain}\n`);
    },
    end: () => undefined,
  };
}

export function createView(screen: Screen): View {
  return screen.columns > 0 ? createLiveView(screen) : createPlainView(screen);
}

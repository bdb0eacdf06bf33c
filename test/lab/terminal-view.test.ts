// What an experiment shows while it runs.
import assert from "node:assert/strict";
import test from "node:test";
import type { Progress } from "@liquid-ims/lab/experiments/experiment";
import { createView, progressBar, sparkline } from "@liquid-ims/lab/terminal-view";

function progress(second: number, transfer: Progress["transfer"] = null): Progress {
  return {
    second,
    functions: [
      { name: "pcscf1", users: 20, sessionsPerSecond: 1 },
      { name: "pcscf2", users: 0, sessionsPerSecond: 0 },
    ],
    transfer,
    callsUp: 9,
    callsAttempted: 60,
    dialogsKept: 3,
    dialogsLost: 0,
  };
}

function show(columns: number, ...steps: Progress[]): string {
  let written = "";
  const view = createView({
    columns,
    write: (text) => {
      written += text;
    },
  });
  for (const step of steps) view.show(step);
  view.end();
  return written;
}

test("sparklines and bars", () => {
  assert.equal(sparkline([0, 0.5, 1], 1), "▁▅█");
  assert.equal(sparkline([0, 0], 0), "▁▁");
  assert.equal(progressBar(6, 10, 10), "[######....] 6 of 10");
  assert.equal(progressBar(0, 0, 4), "[####] 0 of 0");
});

test("no terminal: a plain line every ten seconds and with each state of the transfer, no control characters", () => {
  const running = { state: "PROCESSING", planned: 10, moved: 4, left: 6 };
  const text = show(0, progress(0.2), progress(0.5), progress(10.1), progress(12), progress(12.5, running));
  const lines = text.trimEnd().split("\n");
  assert.equal(lines.length, 3);
  assert.match(
    lines[2] ?? "",
    /users: pcscf1 20; calls 9 up, 60 placed; dialogs 3 kept, 0 lost; transfer \[####\.{6}\] 4 of 10 moved/,
  );
  assert.ok(!text.includes("\x1b"));
});

test("a terminal: the picture is drawn over the last one, no line wider than the terminal", () => {
  const text = show(40, progress(0.25), progress(0.5));
  assert.ok(text.includes("\x1b[5A"));
  for (const line of text.split("\n"))
    assert.ok(line.replaceAll("\x1b[2K", "").replaceAll("\x1b[5A", "").length < 40, line);
});

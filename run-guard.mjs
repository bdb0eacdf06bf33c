// Ends the program that run.mjs started when run.mjs is gone: SIGKILL cannot be passed on, and a server left behind would
// keep its ports. Loaded by run.mjs before the program, in its process only: not in its threads, nor in its children.
import { isMainThread } from "node:worker_threads";

const lookEveryMs = 500;
/** For what the program does at SIGTERM. */
const longestStopMs = 10_000;

const variable = "LIQUID_IMS_RUN_PID";
const starter = Number(process.env[variable]);

/** Not by its number alone: numbers are given anew. Whoever loses its parent gets another one. */
function watch() {
  const parent = process.ppid;
  const isThere = () => {
    if (process.ppid !== parent) return false;
    // Its own child: as above. Else a script stands between them (LIQUID_IMS_NODE), or run.mjs went before this line.
    if (parent === starter) return true;
    try {
      process.kill(starter, 0);
      return parent !== 1;
    } catch (error) {
      return error.code === "EPERM";
    }
  };
  const look = () => {
    if (isThere()) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
    setTimeout(() => process.kill(process.pid, "SIGKILL"), longestStopMs).unref();
  };
  const timer = setInterval(look, lookEveryMs).unref();
  look();
}

if (isMainThread && Number.isInteger(starter) && starter > 0) {
  // What this process starts has another parent.
  delete process.env[variable];
  watch();
}

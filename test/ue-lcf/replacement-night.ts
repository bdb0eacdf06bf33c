// npm run explore [-- <words of a title> [states at most]]: the explorations of dialog replacement that take an hour, one
// after the other, each with its figures. A run that is not done when it has seen so many states says so; one that finds
// something prints the steps, and the exit code is 1.
import { explore } from "./replacement-explorer.ts";
import { figures, longRuns, nightRuns, shortRuns, usual } from "./replacement-runs.ts";

const [words = "", most = "70000000"] = process.argv.slice(2);
const maximum = Number(most);
const chosen = [...shortRuns, ...longRuns, ...nightRuns].filter(({ title }) => title.includes(words));
const runs = words === "" ? nightRuns : chosen;
if (runs.length === 0 || !Number.isInteger(maximum) || maximum < 1) {
  process.stderr.write(`explore: no run is called '${words}', or '${most}' is no number of states\n`);
  process.exit(2);
}

for (const { title, changes } of runs) {
  const startedAt = performance.now();
  const found = explore({ ...usual, ...changes, maximum });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  const memory = (process.memoryUsage().rss / 1e9).toFixed(1);
  const end = found.complete ? "complete" : "not complete";
  process.stdout.write(`${title}: ${figures(found)}; ${end}; ${seconds} s, ${memory} GB\n`);
  if (found.counterexample === null) continue;
  process.stdout.write(`${[found.counterexample.reason, ...found.counterexample.steps].join("\n  ")}\n`);
  process.exitCode = 1;
}

// What neither compiler nor linter holds: who may import whom across folders, sizes, names, marks.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import test from "node:test";

const root = join(import.meta.dirname, "../..");
const packages = [
  "lib/runtime",
  "lib/sip",
  "lib/diameter",
  "lib/dns",
  "lib/location-service",
  "lib/program",
  "lib/reference-points",
  "servers/cfd",
  "servers/cfs",
  "ue-lcf",
  "lab",
  "docs",
  "sipp-scenarios",
  "test",
];

/** Sources that git knows or would add. */
const sources = execFileSync(
  "git",
  ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts", "*.mjs"],
  {
    cwd: root,
    encoding: "utf8",
  },
)
  .split("\n")
  .filter((file) => file !== "");

function read(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

function packageOf(file: string): string | undefined {
  return packages.find((folder) => file.startsWith(`${folder}/`));
}

function imports(text: string): string[] {
  const statements = /^(?:import|export)\s(?:[^;"]*?\sfrom\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"/gm;
  return [...text.matchAll(statements)].map((match) => match[1] ?? match[2] ?? "");
}

test("the sources were found", () => {
  assert.ok(sources.length > 100, `${sources.length} files`);
});

test("no relative import leaves its package", () => {
  const strays = sources.flatMap((file) =>
    imports(read(file))
      .filter((path) => path.startsWith("."))
      .filter((path) => packageOf(normalize(join(dirname(file), path))) !== packageOf(file))
      .map((path) => `${file} imports ${path}`),
  );
  assert.deepEqual(strays, []);
});

test("neutral packages import only what may run in a phone", () => {
  const allowed: Record<string, RegExp> = {
    "lib/diameter": /^@liquid-ims\/runtime\/(?!simulation|nodejs)/,
    "lib/sip": /^@liquid-ims\/runtime\/(?!simulation|nodejs)/,
    "lib/reference-points": /^@liquid-ims\/runtime\/(?!simulation|nodejs)/,
    "ue-lcf": /^@liquid-ims\/(sip|reference-points|runtime)\/(?!simulation|nodejs)/,
    "servers/cfd":
      /^(@liquid-ims\/(sip|reference-points|runtime|location-service|dns)\/(?!simulation|nodejs)|@liquid-ims\/program\/settings$|saxes$|typebox$)/,
  };
  const strays = sources.flatMap((file) => {
    const rule = allowed[packageOf(file) ?? ""];
    // What puts a program on the machine.
    if (rule === undefined || /^servers\/[^/]+\/(main\.ts$|cli\/)/.test(file)) return [];
    return imports(read(file))
      .filter((path) => !path.startsWith(".") && !rule.test(path))
      .map((path) => `${file} imports ${path}`);
  });
  assert.deepEqual(strays, []);
});

test("the runtime's ports import nothing", () => {
  const strays = sources
    .filter((file) => /^lib\/runtime\/[^/]+\.ts$/.test(file))
    .flatMap((file) =>
      imports(read(file))
        .filter((path) => !path.startsWith("./"))
        .map((path) => `${file} imports ${path}`),
    );
  assert.deepEqual(strays, []);
});

test("the simulation stays out of servers and libraries, and nobody imports test", () => {
  const strays = sources.flatMap((file) =>
    imports(read(file))
      .filter(
        (path) =>
          path.startsWith("@liquid-ims/test") ||
          (path.includes("/simulation") && !/^(lab|test|lib\/runtime)\//.test(file)),
      )
      .map((path) => `${file} imports ${path}`),
  );
  assert.deepEqual(strays, []);
});

test("no file passes 400 lines without a reason at its top, none passes 500", () => {
  const long = sources
    .map((file) => ({ file, text: read(file) }))
    .map(({ file, text }) => ({
      file,
      lines: text.split("\n").length,
      reason: /^\/\/ Long because /m.test(text),
    }))
    .filter(({ lines, reason }) => lines > 500 || (lines > 400 && !reason))
    .map(({ file, lines }) => `${file}: ${lines}`);
  assert.deepEqual(long, []);
});

test("a file begins with what it is", () => {
  const bare = sources.filter((file) => !/^(?:#!.*\n)?\/\/ \S/.test(read(file)));
  assert.deepEqual(bare, []);
});

test("names say a subject, files are in kebab-case", () => {
  const vague = sources.filter((file) =>
    /(^|\/)(core|common|shared|utils?|helpers?|managers?|misc)(\/|\.|$)/.test(file),
  );
  const misspelt = sources.filter(
    (file) => !/^(?:[a-z0-9.-]+\/)*[a-z0-9-]+(\.test|\.interop)?\.(ts|mjs)$/.test(file),
  );
  assert.deepEqual([...vague, ...misspelt], []);
});

test("no marks of unfinished work, no switched-off checks, no triple-slash references", () => {
  const self = "test/architecture/architecture.test.ts";
  const marks = /\b(TODO|FIXME|XXX)\b|@ts-(ignore|nocheck|expect-error)|biome-ignore|^\/\/\/ <reference/m;
  assert.deepEqual(
    sources.filter((file) => file !== self && marks.test(read(file))),
    [],
  );
});

test("tests wait for virtual time only", () => {
  // The guard's own test shows that timers are caught; programs that are processes live in real time.
  const allowed = [
    "test/runtime/simulation/guard.test.ts",
    "test/acceptance/cfd-process.ts",
    "test/acceptance/kamailio-checks.ts",
    "test/acceptance/register-sender.ts",
  ];
  const timers = /\bset(?:Timeout|Interval)\(|node:timers\/promises/;
  const files = sources.filter(
    (file) => file.startsWith("test/") && !allowed.includes(file) && timers.test(read(file)),
  );
  assert.deepEqual(files, []);
});

test("no state at module level", () => {
  // The guard watches the process's one async_hooks and its globals.
  const allowed = ["lib/runtime/simulation/guard.ts"];
  const states = sources
    .filter((file) => !allowed.includes(file))
    .filter((file) => !file.startsWith("test/") && file.endsWith(".ts"))
    .filter((file) => /^(?:export )?let /m.test(read(file)));
  assert.deepEqual(states, []);
});

test("the lock file names no registry's host", () => {
  assert.doesNotMatch(read("package-lock.json"), /"resolved": "http/);
});

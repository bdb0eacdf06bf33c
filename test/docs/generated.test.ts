// The generated pages are what the code gives, every table has a page, and diagrams have nothing that breaks them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { statesOf } from "@liquid-ims/docs/generate/machine";
import { label, stateDiagram } from "@liquid-ims/docs/generate/mermaid";
import { documentedSources, generatedPages } from "@liquid-ims/docs/generate/pages";

const root = join(import.meta.dirname, "../..");
const pages = generatedPages(root);

/** Where two texts differ first, for people. */
function firstDifference(present: string, wanted: string): string {
  const [old, fresh] = [present.split("\n"), wanted.split("\n")];
  const line = fresh.findIndex((text, index) => text !== old[index]);
  return `line ${line + 1}: "${old[line] ?? ""}", the code gives "${fresh[line] ?? ""}"`;
}

for (const [path, text] of pages) {
  test(`${path} is what the code gives`, () => {
    const file = join(root, path);
    const present = existsSync(file) ? readFileSync(file, "utf8") : "";
    assert.ok(
      present === text,
      `${path} is not what the code gives: run "npm run docs" and commit what it writes (${firstDifference(present, text)})`,
    );
  });
}

test("no page is left of a machine that is gone", () => {
  const present = readdirSync(join(root, "docs/state-machines")).map((name) => `docs/state-machines/${name}`);
  assert.deepEqual(
    present.filter((path) => !pages.has(path)),
    [],
    'run "npm run docs"',
  );
});

test("every table of states in the code has a page", () => {
  const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts"], {
    cwd: root,
    encoding: "utf8",
  })
    .split("\n")
    .filter((file) => /^(lib|servers|ue-lcf)\//.test(file) && existsSync(join(root, file)));
  // A whole machine: complete over its states.
  const whole =
    /satisfies (?:[A-Z]\w*)?Table(?:<|;|\b)|satisfies Readonly<Record<\w*State, ?\w*Rows>>|satisfies Record<\w*State, ?\w*Rows>/;
  const machines = files.filter((file) => whole.test(readFileSync(join(root, file), "utf8")));
  assert.ok(machines.length >= 15, `${machines.length} files with tables`);
  const documented = documentedSources();
  assert.deepEqual(
    machines.filter((file) => !documented.has(file)),
    [],
    "give it a page in docs/generate/machines-*.ts",
  );
});

test("every link of a generated page leads to a file", () => {
  const broken = [...pages].flatMap(([path, text]) =>
    [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1] ?? "")
      .filter((target) => !/^https?:/.test(target) && !existsSync(join(root, path, "..", target)))
      .map((target) => `${path}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test("a label has nothing that Mermaid takes for its own", () => {
  assert.equal(label("question: yes"), "question - yes");
  assert.equal(label("Timer expires & !Pending"), "Timer expires and not Pending");
  assert.equal(label("NumDWA < 0"), "NumDWA below 0");
  assert.throws(() => label("a{b"), /may break/);
});

test("a diagram merges the events of one pair of states, and leaves out those that change nothing", () => {
  const states = statesOf({
    "Not open": { a: { next: "Open", actions: [] }, b: { next: "Open", actions: ["x"] }, c: null },
    Open: { a: { next: "Open", actions: [] }, b: { next: "Open", actions: [{ start: "timerA" }] }, c: null },
  });
  assert.deepEqual(states[1]?.transitions[1]?.actions, ["start timerA"]);
  assert.deepEqual(states[0]?.impossible, ["c"]);
  const machine = {
    page: "p",
    title: "t",
    source: "s",
    clause: "",
    about: "",
    meanings: [],
    starts: [{ next: "Not open", label: "" }],
    states,
  };
  assert.equal(
    stateDiagram(machine).text,
    `stateDiagram-v2
  state "Not open" as Not_open
  [*] --> Not_open
  Not_open --> Open : a<br/>b
  Open --> Open : b
  Open --> [*]`,
  );
});

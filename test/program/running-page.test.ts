// docs/running.md names every metric that CFD and CFS export, and none that does not exist.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/running.md"), "utf8");

/** Only UEs have these. */
const ofUes = ["sip_registration_challenges_total", "sip_user_agent_refused_total"];
const elsewhere = new Set(ofUes);
const metric = /\b(?:cfd|cfs|sip|dns|diameter|os_cfs|admin|network)_[a-z_]+\b/g;

function metricsOfTheCode(): Set<string> {
  const names = new Set<string>();
  for (const folder of ["servers", "lib"])
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".ts")) continue;
      const text = readFileSync(join(root, folder, file), "utf8");
      for (const [, name = ""] of text.matchAll(/"([a-z_]+)"/g))
        if (name.match(metric)?.[0] === name && !elsewhere.has(name)) names.add(name);
    }
  return names;
}

test("the page names every metric of the code", () => {
  const code = metricsOfTheCode();
  assert.ok(code.size > 35, `${code.size}`);
  const named = new Set(page.match(metric));
  assert.deepEqual(
    [...code].filter((name) => !named.has(name)),
    [],
  );
});

test("the page names no metric that does not exist", () => {
  const code = metricsOfTheCode();
  assert.deepEqual(
    [...new Set(page.match(metric))].filter((name) => !code.has(name)),
    [],
  );
});

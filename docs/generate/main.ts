// Writes the generated pages: `npm run docs`.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generatedPages } from "./pages.ts";

const root = join(import.meta.dirname, "../..");
const pages = generatedPages(root);
for (const [path, text] of pages) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
// A machine that is gone takes its page with it.
for (const name of readdirSync(join(root, "docs/state-machines")))
  if (!pages.has(`docs/state-machines/${name}`)) rmSync(join(root, "docs/state-machines", name));
process.stdout.write(`${pages.size} pages are as the code says\n`);

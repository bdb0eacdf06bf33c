// What names of states, events and actions mean, as the comments of their types say it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { MeaningSource } from "./machine.ts";

/** The text from a declaration to its end: `;` at the end of a line. */
function declaration(text: string, name: string, file: string): string {
  const start = new RegExp(`^export (?:type|const) ${name}\\b`, "m").exec(text);
  if (start === null) throw new Error(`${file}: no type or array ${name}`);
  const rest = text.slice(start.index);
  const end = /;$/m.exec(rest);
  return end === null ? rest : rest.slice(0, end.index);
}

/** One comment without its marks. */
function plain(comment: string): string {
  return comment
    .replace(/^\s*(?:\/\*\*|\/\/)|\*\/\s*$/g, "")
    .replace(/\n\s*(?:\*|\/\/)\s?/g, " ")
    .trim();
}

/** Names with a doc comment before them, and that comment. A name without one has no meaning here. */
function commented(text: string): Map<string, string> {
  const meanings = new Map<string, string>();
  for (const match of text.matchAll(/(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\s*\|?\s*"([^"]+)"/g))
    meanings.set(match[2] ?? "", plain(match[1] ?? ""));
  return meanings;
}

/** Meanings by name, for each kind of name. */
export type Meanings = Readonly<Record<MeaningSource["of"], ReadonlyMap<string, string>>>;

/** What these places of the tree at `root` say. */
export function readMeanings(root: string, sources: readonly MeaningSource[]): Meanings {
  const all = {
    states: new Map<string, string>(),
    events: new Map<string, string>(),
    actions: new Map<string, string>(),
  };
  for (const { file, type, of } of sources) {
    const text = readFileSync(join(root, file), "utf8");
    for (const [name, meaning] of commented(declaration(text, type, file))) all[of].set(name, meaning);
  }
  return all;
}

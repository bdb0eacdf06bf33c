// Configuration files of the real core: templates in which words between @ are filled in.
import { readFileSync } from "node:fs";

export type TemplateName =
  | "common.cfg"
  | "p-cscf.cfg"
  | "i-cscf.cfg"
  | "s-cscf.cfg"
  | "diameter.xml"
  | "named.conf";

/** Throws an Error that names a word without value. */
export function fillTemplate(name: TemplateName, values: Readonly<Record<string, string | number>>): string {
  const text = readFileSync(new URL(`./templates/${name}`, import.meta.url), "utf8");
  return text.replace(/@([A-Za-z]+)@/g, (_all, word: string) => {
    const value = values[word];
    if (value === undefined) throw new Error(`${name}: no value for @${word}@`);
    return String(value);
  });
}

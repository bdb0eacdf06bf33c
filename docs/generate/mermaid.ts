// A state machine as a Mermaid diagram that every renderer takes: plain letters in ids and labels.
import { isFinal, type Machine, type State } from "./machine.ts";

/** So many events stand at one arrow; the others are counted. */
const most = 6;

const words: readonly (readonly [RegExp, string])[] = [
  [/ ?== ?/g, " is "],
  [/ ?< ?/g, " below "],
  [/ ?> ?/g, " above "],
  [/ ?& ?/g, " and "],
  [/!/g, "not "],
  [/: ?/g, " - "],
  [/;/g, ","],
  [/"/g, "'"],
];

/** A label without what Mermaid takes for its own. Throws for a character that nobody has thought of. */
export function label(text: string): string {
  let safe = text;
  for (const [pattern, word] of words) safe = safe.replace(pattern, word);
  const bad = /[^A-Za-z0-9 .,*()'+/_=-]/.exec(safe);
  if (bad !== null) throw new Error(`"${text}": "${bad[0]}" may break a Mermaid label`);
  return safe;
}

/** An id of letters, digits and underscores. */
function idOf(name: string): string {
  return name.replace(/[^A-Za-z0-9]+/g, "_");
}

/** A machine with more arrows than this is drawn without those that lead back to where they come from. */
const crowded = 30;

/** From and to, and the events between. Events that do nothing and lead nowhere are no arrows. */
type Arrows = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

function arrowsOf(states: readonly State[], inFigure: (name: string) => string): Arrows {
  const arrows = new Map<string, Map<string, string[]>>();
  for (const state of states) {
    const from = inFigure(state.name);
    const byNext = arrows.get(from) ?? new Map<string, string[]>();
    arrows.set(from, byNext);
    for (const { event, next, actions } of state.transitions) {
      if (next === state.name && actions.length === 0) continue;
      const to = inFigure(next);
      const events = byNext.get(to) ?? [];
      if (!events.includes(event)) events.push(event);
      byNext.set(to, events);
    }
  }
  return arrows;
}

function arrowLabel(events: readonly string[]): string {
  // One left over is shown rather than counted.
  const shown = events.length <= most + 1 ? events : events.slice(0, most);
  const lines = shown.map(label);
  if (shown.length < events.length) lines.push(`and ${events.length - shown.length} others`);
  return lines.join("<br/>");
}

/** The diagram, without the fence around it, and what it leaves out. */
export function stateDiagram({ starts, states, merged }: Machine): {
  readonly text: string;
  readonly without: "nothing" | "ways back";
} {
  const inFigure = (name: string) => (merged?.states.includes(name) === true ? merged.name : name);
  const arrows = arrowsOf(states, inFigure);
  const count = [...arrows.values()].reduce((sum, byNext) => sum + byNext.size, 0);
  const without = count > crowded ? "ways back" : "nothing";
  const lines: string[] = [];
  for (const name of arrows.keys())
    if (idOf(name) !== name) lines.push(`state "${label(name)}" as ${idOf(name)}`);
  const begins = new Set(
    starts.map(({ next, label: text }) => `${idOf(inFigure(next))}${text === "" ? "" : ` : ${label(text)}`}`),
  );
  for (const begin of begins) lines.push(`[*] --> ${begin}`);
  for (const [from, byNext] of arrows)
    for (const [next, events] of byNext)
      if (next !== from || without === "nothing")
        lines.push(`${idOf(from)} --> ${idOf(next)} : ${arrowLabel(events)}`);
  const finals = states.filter((state) => isFinal(state) && inFigure(state.name) === state.name);
  for (const { name } of finals) lines.push(`${idOf(name)} --> [*]`);
  return { text: ["stateDiagram-v2", ...lines.map((line) => `  ${line}`)].join("\n"), without };
}

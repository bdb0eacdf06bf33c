// One state machine as a page of Markdown.
import type { Machine, State } from "./machine.ts";
import type { Meanings } from "./meanings.ts";
import { stateDiagram } from "./mermaid.ts";

/** Text that Markdown does not take for its own: `64*T1` is no emphasis. Code between backticks stays as it is. */
export function plain(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replace(/[*_[\]]/g, "\\$&").replace(/</g, "&lt;")))
    .join("");
}

/** A cell cannot hold a bar or a line break either. */
export function cell(text: string): string {
  return plain(text).replace(/\|/g, "\\|").replace(/\n/g, " ");
}

/** A table of Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

/** What stands at the top of every generated page. */
export function generated(from: string): string {
  return `<!-- Written by "npm run docs" from ${from}. Change that, not this page. -->`;
}

function stateSection(state: State, meaning: string | undefined): string {
  const rows = state.transitions.map(({ event, next, actions }) => [
    cell(event),
    next === state.name ? "stays" : `**${cell(next)}**`,
    actions.length === 0 ? "nothing" : cell(actions.join(" · ")),
  ]);
  const parts = [`### ${plain(state.name)}`];
  if (meaning !== undefined) parts.push(plain(meaning));
  parts.push(
    rows.length === 0
      ? "Nothing happens here."
      : table(["event", "next", "what is done, in this order"], rows),
  );
  if (state.impossible.length > 0 && rows.length > 0)
    parts.push(`Not here, or without effect: ${state.impossible.map(cell).join(" · ")}.`);
  return parts.join("\n\n");
}

function meaningSection(
  title: string,
  names: readonly string[],
  meanings: ReadonlyMap<string, string>,
): string[] {
  const rows = names.flatMap((name) => {
    const meaning = meanings.get(name);
    return meaning === undefined ? [] : [[cell(name), cell(meaning)]];
  });
  return rows.length === 0 ? [] : [`## ${title}`, table(["name", "meaning"], rows)];
}

/** The page. */
export function machinePage(machine: Machine, meanings: Meanings): string {
  const { states, merged, timers = [] } = machine;
  const figure = stateDiagram(machine);
  const transitions = states.flatMap((one) => one.transitions);
  const events = new Set(
    states.flatMap((one) => [...one.transitions.map(({ event }) => event), ...one.impossible]),
  );
  const actions = new Set(transitions.flatMap((one) => one.actions));
  const parts = [
    generated(machine.source),
    `# ${machine.title}`,
    `${machine.clause} · [${machine.source}](../../${machine.source})`,
    machine.about,
    `\`\`\`mermaid\n${figure.text}\n\`\`\``,
    ...(merged === undefined ? [] : [`\`${merged.name}\` stands for ${merged.states.join(", ")}.`]),
    figure.without === "ways back"
      ? "Events that lead back to the state they come in are left out of the figure; the tables have all of them."
      : "Events that change nothing are left out of the figure; the tables have all of them.",
    "## States",
    ...states.map((state) => stateSection(state, meanings.states.get(state.name))),
    ...meaningSection("Events", [...events], meanings.events),
    ...meaningSection("Actions", [...actions], meanings.actions),
  ];
  if (timers.length > 0)
    parts.push(
      "## Timers",
      "In milliseconds, with T1 = 500, T2 = 4,000 and T4 = 5,000; several values are those of one setting after the other.",
      table(
        ["timer", "over UDP", "over TCP"],
        timers.map(({ name, unreliable, reliable }) => [name, unreliable, reliable]),
      ),
    );
  return `${parts.join("\n\n")}\n`;
}

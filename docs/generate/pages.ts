// All generated pages, by their place in the tree.
import { configurationPage } from "./configuration.ts";
import type { Machine } from "./machine.ts";
import { cfdMachines } from "./machines-cfd.ts";
import { cfsMachines } from "./machines-cfs.ts";
import { diameterMachines } from "./machines-diameter.ts";
import { lcfMachines } from "./machines-lcf.ts";
import { sipMachines } from "./machines-sip.ts";
import { readMeanings } from "./meanings.ts";
import { generated, machinePage, table } from "./page.ts";

interface Chapter {
  readonly title: string;
  readonly machines: readonly Machine[];
}

const chapters: readonly Chapter[] = [
  { title: "SIP", machines: sipMachines },
  { title: "Diameter", machines: diameterMachines },
  { title: "Local Control Function", machines: lcfMachines },
  { title: "Control Function Discovery", machines: cfdMachines },
  { title: "Control Function Selection", machines: cfsMachines },
];

const folder = "docs/state-machines";

function index(): string {
  const parts = [
    generated("the tables in the code"),
    "# State machines",
    "Protocol behaviour is complete tables: every state says what every event does. These pages are drawn from the tables " +
      "that the programs run, by `npm run docs`; a test fails when a page and its table differ.",
  ];
  for (const { title, machines } of chapters) {
    const rows = machines.map((machine) => {
      const events = new Set(
        machine.states.flatMap((one) => [...one.transitions.map(({ event }) => event), ...one.impossible]),
      );
      const { page, clause, states } = machine;
      return [`[${machine.title}](${page}.md)`, clause, String(states.length), String(events.size)];
    });
    parts.push(`## ${title}`, table(["machine", "after", "states", "events"], rows));
  }
  return `${parts.join("\n\n")}\n`;
}

/** Files of the code whose tables have a page. */
export function documentedSources(): ReadonlySet<string> {
  return new Set(chapters.flatMap(({ machines }) => machines.map(({ source }) => source)));
}

/** Text of every generated page by its path from `root`, which is where the sources are read. */
export function generatedPages(root: string): ReadonlyMap<string, string> {
  const pages = new Map<string, string>([
    ["docs/configuration.md", configurationPage()],
    [`${folder}/README.md`, index()],
  ]);
  for (const machine of chapters.flatMap(({ machines }) => machines))
    pages.set(`${folder}/${machine.page}.md`, machinePage(machine, readMeanings(root, machine.meanings)));
  return pages;
}

// Places CFD and CFS of the lab's network as an operator runs them: by their commands, from YAML, on SQLite files.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { ElementKind, ElementSpecs } from "@liquid-ims/lab/element";
import type { PlacedElement, Placement } from "@liquid-ims/lab/placement";
import type { Element } from "@liquid-ims/lab/topology";
import { cfdBin, cfsBin, type Server, startServer } from "./run-server.ts";

type ServerKind = "cfd" | "cfs";

export interface ProgramPlacement extends Placement {
  server(kind: ServerKind): Server;
  /** Starts it again from the same configuration; resolves when it is ready. */
  restart(kind: ServerKind): Promise<Server>;
}

const commands = { cfd: cfdBin, cfs: cfsBin };

/** JSON is YAML. */
function yamlOf(kind: ServerKind, name: string, spec: ElementSpecs[ServerKind]): string {
  const { listen, functions = [], ...config } = spec.config;
  return JSON.stringify({
    name,
    ...config,
    // The CFD's table has no kinds.
    functions:
      kind === "cfs"
        ? functions
        : functions.map(({ name: called, addresses }) => ({ name: called, addresses })),
    listen: listen.map(({ protocol, address }) => ({ protocol, ...address })),
    dns: { servers: [spec.dns] },
    admin: { port: 0 },
    ...(kind === "cfs" ? { osCfs: { port: 0 } } : {}),
  });
}

export function placePrograms(context: TestContext, folder: string, own: Placement): ProgramPlacement {
  const servers = new Map<ServerKind, Server>();

  async function launch(kind: ServerKind): Promise<Server> {
    const server = startServer(context, commands[kind]("--config", join(folder, `${kind}.yaml`)));
    servers.set(kind, server);
    await server.line("ready");
    return server;
  }

  return {
    async place<Kind extends ElementKind>(
      kind: Kind,
      element: Element,
      spec: ElementSpecs[Kind],
    ): Promise<PlacedElement> {
      if ((kind !== "cfd" && kind !== "cfs") || !("config" in spec)) return own.place(kind, element, spec);
      writeFileSync(join(folder, `${kind}.yaml`), yamlOf(kind, element.name, spec));
      const server = await launch(kind);
      return { kill: () => void server.child.kill("SIGKILL") };
    },
    settle: () => own.settle(),
    close: async () => undefined,
    server(kind) {
      const found = servers.get(kind);
      if (found === undefined) throw new Error(`no ${kind} was started`);
      return found;
    },
    restart: launch,
  };
}

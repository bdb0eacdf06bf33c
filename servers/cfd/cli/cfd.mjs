#!/usr/bin/env node
// The command cfd: goes through run.mjs, which finds a Node that can run it.
import { fileURLToPath } from "node:url";

process.argv.splice(2, 0, fileURLToPath(new URL("../main.ts", import.meta.url)));
await import(new URL("../../../run.mjs", import.meta.url).href);

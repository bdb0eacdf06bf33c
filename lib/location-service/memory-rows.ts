// The rows of the location service in memory, with their indexes and their order of changes.
import { isSameFunction, splitFunctionName } from "./function-name.ts";
import type { FunctionName, LocationRecord, RecordKey } from "./record.ts";
import type { ChangesSince, FunctionFilter, RecordChange, RecordRemoval } from "./store.ts";

function keyText({ impu, contact }: RecordKey): string {
  return JSON.stringify([impu, contact]);
}

function hostOf(name: FunctionName): string {
  return splitFunctionName(name)?.host ?? name.toLowerCase();
}

function agrees(name: FunctionName | null, wanted: FunctionName | undefined): boolean {
  return wanted === undefined || (name !== null && isSameFunction(name, wanted));
}

/** Sets of record keys by some text. */
class Index {
  readonly #sets = new Map<string, Set<string>>();

  add(name: string, key: string): void {
    const known = this.#sets.get(name);
    if (known === undefined) this.#sets.set(name, new Set([key]));
    else known.add(key);
  }

  delete(name: string, key: string): void {
    const known = this.#sets.get(name);
    if (known?.delete(key) && known.size === 0) this.#sets.delete(name);
  }

  get(name: string): readonly string[] {
    return [...(this.#sets.get(name) ?? [])];
  }
}

/** The rows: outlive the stores that have them open, as a disk does. */
export class LocationRows {
  readonly #records = new Map<string, LocationRecord>();
  readonly #byIdentity = new Index();
  readonly #byPCscf = new Index();
  readonly #bySCscf = new Index();
  /** Keys in the order of their changes; an entry counts only when the record still has that change number. */
  #log: { readonly change: number; readonly key: string }[] = [];
  #change = 0;
  #removedAt = 0;

  #unindex(key: string, record: LocationRecord): void {
    for (const identity of new Set([record.impu, ...record.implicitSet]))
      this.#byIdentity.delete(identity, key);
    if (record.pCscf !== null) this.#byPCscf.delete(hostOf(record.pCscf), key);
    this.#bySCscf.delete(hostOf(record.sCscf), key);
  }

  #index(key: string, record: LocationRecord): void {
    for (const identity of new Set([record.impu, ...record.implicitSet])) this.#byIdentity.add(identity, key);
    if (record.pCscf !== null) this.#byPCscf.add(hostOf(record.pCscf), key);
    this.#bySCscf.add(hostOf(record.sCscf), key);
  }

  /** All or nothing; `conflict` when a record is not as its writer has read it, or occurs twice. */
  upsert(changes: readonly RecordChange[]): "done" | "conflict" {
    const keys = new Set<string>();
    for (const { record, expect } of changes) {
      const key = keyText(record);
      if (keys.has(key) || (this.#records.get(key)?.version ?? "absent") !== expect) return "conflict";
      keys.add(key);
    }
    for (const { record } of changes) {
      const key = keyText(record);
      const old = this.#records.get(key);
      if (old !== undefined) this.#unindex(key, old);
      this.#change += 1;
      const written = { ...record, version: this.#change, change: this.#change };
      this.#records.set(key, written);
      this.#index(key, written);
      this.#log.push({ change: this.#change, key });
    }
    if (this.#log.length > 2 * this.#records.size + 1024)
      this.#log = this.#log.filter(({ change, key }) => this.#records.get(key)?.change === change);
    return "done";
  }

  remove(removals: readonly RecordRemoval[]): "done" | "conflict" {
    for (const { key, expect } of removals)
      if (this.#records.get(keyText(key))?.version !== expect) return "conflict";
    for (const removal of removals) {
      const key = keyText(removal.key);
      const old = this.#records.get(key);
      if (old === undefined) continue;
      this.#unindex(key, old);
      this.#records.delete(key);
      this.#change += 1;
      this.#removedAt = this.#change;
    }
    return "done";
  }

  #read(keys: readonly string[]): LocationRecord[] {
    return keys
      .map((key) => this.#records.get(key))
      .filter((record) => record !== undefined)
      .sort((a, b) => a.change - b.change);
  }

  get(impu: string): readonly LocationRecord[] {
    return this.#read(this.#byIdentity.get(impu));
  }

  byFunction({ pCscf, sCscf }: FunctionFilter): readonly LocationRecord[] {
    let keys: readonly string[];
    if (pCscf !== undefined) keys = this.#byPCscf.get(hostOf(pCscf));
    else if (sCscf !== undefined) keys = this.#bySCscf.get(hostOf(sCscf));
    else keys = [...this.#records.keys()];
    return this.#read(keys).filter(
      (record) => record.state === "registered" && agrees(record.pCscf, pCscf) && agrees(record.sCscf, sCscf),
    );
  }

  changesSince(since: number, limit: number): ChangesSince {
    let low = 0;
    let high = this.#log.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#log[middle]?.change ?? 0) > since) high = middle;
      else low = middle + 1;
    }
    const records: LocationRecord[] = [];
    let at = low;
    for (; at < this.#log.length && records.length < limit; at++) {
      const entry = this.#log[at];
      const record = entry === undefined ? undefined : this.#records.get(entry.key);
      if (record !== undefined && record.change === entry?.change) records.push(record);
    }
    const more = at < this.#log.length;
    const change = more ? (records.at(-1)?.change ?? since) : Math.max(this.#change, since);
    return { records, change, more, removed: since > 0 && since < this.#removedAt };
  }
}

// os-cfs over HTTP, as an OSS/BSS speaks it.
import { osCfsRoot } from "@liquid-ims/reference-points/os-cfs";
import { type Address, formatAddress } from "@liquid-ims/runtime/network";
import type { OsCfsCarrier } from "./oss.ts";

export function createHttpCarrier(cfs: Address): OsCfsCarrier {
  const root = `http://${formatAddress(cfs)}${osCfsRoot}`;
  return async ({ method, path, body }) => {
    const response = await fetch(root + path, {
      method,
      ...(body === null
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    return {
      status: response.status,
      location: response.headers.get("location"),
      body: text === "" ? null : JSON.parse(text),
    };
  };
}

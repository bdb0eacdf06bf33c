// What the names in the CFD's configuration must be.
import { splitFunctionName } from "@liquid-ims/location-service/function-name";
import { parseSipUri } from "@liquid-ims/sip/uri";
import type { CfdSettings } from "./config-schema.ts";

interface Broken {
  readonly path: string;
  readonly message: string;
}

/** A name that nothing in a message can agree with would be passed over without a word. */
export function cfdRules({ sCscfs, functions, regEvent }: CfdSettings): readonly Broken[] {
  const broken: Broken[] = [];
  for (const [key, entries] of Object.entries({ sCscfs, functions }))
    for (const [index, { name }] of entries.entries())
      if (splitFunctionName(name) === null)
        broken.push({
          path: `${key}[${index}].name`,
          message: `"${name}" is no name of a function; give host:port, or a SIP URI for an S-CSCF`,
        });
  const { identity } = regEvent;
  if (identity !== undefined && parseSipUri(identity) === null)
    broken.push({
      path: "regEvent.identity",
      message: `"${identity}" is no SIP URI; give that of the application server, such as sip:cfd.ims.test:7080`,
    });
  return broken;
}

// Versions of our own payloads: `major.minor`. A newer minor version may add members, which are ignored; another
// major version is refused.

/** The version of the cfs-ue bodies that this library writes. */
export const cfsUeVersion = "1.0";

export interface Version {
  readonly major: number;
  readonly minor: number;
}

/** Null when the text is not two decimal numbers with a dot between them. */
export function parseVersion(text: string): Version | null {
  const match = /^(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})$/.exec(text);
  if (match === null) return null;
  return { major: Number(match[1]), minor: Number(match[2]) };
}

/** Null when a payload of version `text` can be read by one who speaks `ours`; else what is wrong with it. */
export function checkVersion(text: string, ours: string): string | null {
  const theirs = parseVersion(text);
  if (theirs === null) return `"${text}" is no version; write major.minor, such as "${ours}"`;
  if (theirs.major !== parseVersion(ours)?.major)
    return `major version ${theirs.major} is not understood; send version ${ours}`;
  return null;
}

// The location service's tables. A version is never changed once it has been released: a new step is added.

/** `LIMS`. */
export const locationApplicationId = 0x4c494d53;

/**
 * Version 1: one row for each record. `change` is its version, too. `detail` is what only programs read, as JSON. No
 * index on expiry: the CFD keeps a calendar, and refreshes would rewrite it.
 */
const version1 = `
CREATE TABLE counter (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  change INTEGER NOT NULL,
  removed_at INTEGER NOT NULL
);
CREATE TABLE function_name (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  host TEXT NOT NULL
);
CREATE INDEX function_name_host ON function_name (host);
CREATE TABLE record (
  id INTEGER PRIMARY KEY,
  impu TEXT NOT NULL,
  contact TEXT,
  p_cscf INTEGER,
  s_cscf INTEGER NOT NULL,
  state TEXT NOT NULL,
  registered_at INTEGER NOT NULL,
  refreshed_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  call_id TEXT,
  sequence INTEGER,
  detail TEXT NOT NULL,
  change INTEGER NOT NULL
);
CREATE UNIQUE INDEX record_key ON record (impu, ifnull(contact, 0));
CREATE INDEX record_p_cscf ON record (p_cscf);
CREATE INDEX record_s_cscf ON record (s_cscf);
CREATE UNIQUE INDEX record_change ON record (change);
`;

/**
 * Version 2: other identities of an implicit set are found by an index; the store knows since when it exists (null:
 * made by version 1); a view for people.
 */
const version2 = `
ALTER TABLE counter ADD COLUMN created_at INTEGER;
CREATE TABLE identity (
  identity TEXT NOT NULL,
  record INTEGER NOT NULL,
  PRIMARY KEY (identity, record)
) WITHOUT ROWID;
CREATE INDEX identity_record ON identity (record);
INSERT OR IGNORE INTO identity (identity, record)
  SELECT member.value, record.id FROM record, json_each(record.detail, '$.implicitSet') AS member
  WHERE member.value <> record.impu;
CREATE VIEW location AS
  SELECT impu, contact, json_extract(detail, '$.impi') AS impi,
    (SELECT name FROM function_name WHERE id = p_cscf) AS p_cscf,
    (SELECT name FROM function_name WHERE id = s_cscf) AS s_cscf,
    state, datetime(refreshed_at / 1000, 'unixepoch') AS refreshed,
    datetime(expires_at / 1000, 'unixepoch') AS expires
  FROM record ORDER BY impu, contact;
`;

export const locationSteps: readonly string[] = [version1, version2];

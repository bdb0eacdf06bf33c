// Points in time as text.
import assert from "node:assert/strict";
import test from "node:test";
import { formatTime } from "@liquid-ims/reference-points/time";

test("RFC 3339: as the host's calendar has it, on leap days and ends of years too", () => {
  const days = [
    "1970-01-01",
    "1999-12-31",
    "2000-02-29",
    "2024-02-29",
    "2026-11-25",
    "2100-03-01",
    "9999-12-31",
  ];
  for (const day of days)
    for (const time of ["00:00:00", "12:34:56", "23:59:59"])
      assert.equal(formatTime(Date.parse(`${day}T${time}Z`) + 999), `${day}T${time}Z`);
});

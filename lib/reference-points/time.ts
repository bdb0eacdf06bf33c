// Points in time for people, without the host's calendar. RFC 3339.

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}

/** `2026-11-25T13:50:04Z` of milliseconds since 1970, cut to seconds; years 1970 to 9999. */
export function formatTime(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const days = Math.floor(seconds / 86_400);
  const ofDay = seconds - days * 86_400;
  // Civil date of a day number; the year begins in March, so that the leap day is its last.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const month = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * month + 2) / 5) + 1;
  const year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0);
  const date = `${padded(year, 4)}-${padded(month < 10 ? month + 3 : month - 9, 2)}-${padded(day, 2)}`;
  const time = [Math.floor(ofDay / 3_600), Math.floor(ofDay / 60) % 60, ofDay % 60];
  return `${date}T${time.map((part) => padded(part, 2)).join(":")}Z`;
}

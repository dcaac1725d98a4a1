/** Civil days in China as whole numbers; see `days.py`. */

export const SECONDS_A_DAY = 86_400;
const OFFSET = 8 * 3_600;

/** 9999-12-31T23:59:59+08:00, the last instant a certificate may name. */
export const LAST_INSTANT = 253_402_271_999;

/** Return the day in UTC+8 of `instant` (seconds since 1970). */
export function dayOf(instant: number): number {
  return Math.floor((instant + OFFSET) / SECONDS_A_DAY);
}

/** Return the civil date of a day number, as 2026-11-02. */
export function toDate(day: number): string {
  return new Date(day * SECONDS_A_DAY * 1_000).toISOString().slice(0, 10);
}

/** Return date and minute in China of an instant, as 2026-11-02 09:30. */
export function toMinute(instant: number): string {
  return new Date((instant + OFFSET) * 1_000).toISOString().slice(0, 16).replace("T", " ");
}

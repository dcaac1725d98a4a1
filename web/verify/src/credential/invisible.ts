/** Characters that nobody sees; see `invisible.py`. */

/** As the inside of a character class of a regular expression. */
export const INVISIBLE =
  "\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e" +
  "\\u2060-\\u206f\\u2800\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufff8\\u{1bca0}-\\u{1bca3}" +
  "\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}";
const DROPPED = new RegExp(`[${INVISIBLE}]+`, "gu");

/** Return a text without them. */
export const withoutInvisible = (text: string): string => text.replace(DROPPED, "");

/** QR codes in one picture, and where others are that cannot be read, as `scanning/codes.py` has them. */

/** Where a code is: fractions of the picture's width, from its upper left corner. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** What one look at a picture found, or several. */
export interface Codes {
  /** Of the codes that were read, each once. */
  texts: string[];
  /** Where they are, once for each look. */
  read: Box[];
  /** Where a code was seen whose content is damaged beyond correction. */
  unread: Box[];
}

/** What the reader says of a symbol. */
interface Symbol {
  isValid: boolean;
  error: string;
  text: string;
  position: Record<"topLeft" | "topRight" | "bottomRight" | "bottomLeft", { x: number; y: number }>;
}

export const none = (): Codes => ({ texts: [], read: [], unread: [] });

/** Add what another look at the same picture found. */
export function add(codes: Codes, more: Codes): void {
  codes.texts.push(...more.texts.filter((text) => !codes.texts.includes(text)));
  codes.read.push(...more.read);
  codes.unread.push(...more.unread);
}

/**
 * Tell whether a code apart from those that were read was seen twice, and not read.
 *
 * Tables and stamps look like codes, too, but hardly twice at one place.
 */
export function hasUnread(codes: Codes): boolean {
  const apart = apartIn(codes);
  return apart.some((one, at) => apart.slice(at + 1).some((other) => isAt(one, other)));
}

/**
 * Return where something like a code was seen that is no part of a code that was read.
 *
 * Parts of one, alone or with parts of the next one, look like codes. Of a code that is not read a
 * single corner may be seen: a fifth of its size.
 */
export function apartIn({ read, unread }: Codes): Box[] {
  const least = Math.min(...read.map(lengthOf)) / 5;
  return unread.filter(
    (box) => lengthOf(box) >= least && !read.some((other) => touches(box, other)),
  );
}

/** Return the codes among the symbols of a picture so wide. */
export function codesOf(symbols: Symbol[], width: number): Codes {
  const codes = none();
  for (const { isValid, error, text, position } of symbols) {
    const { topLeft, topRight, bottomRight, bottomLeft } = position;
    const corners = [topLeft, topRight, bottomRight, bottomLeft];
    const across = corners.map(({ x }) => x / width);
    const down = corners.map(({ y }) => y / width);
    const box = {
      left: Math.min(...across),
      top: Math.min(...down),
      right: Math.max(...across),
      bottom: Math.max(...down),
    };
    if (isValid) add(codes, { texts: [text], read: [box], unread: [] });
    else if (error.startsWith("ChecksumError")) codes.unread.push(box); // others are seldom codes
  }
  return codes;
}

const lengthOf = ({ left, top, right, bottom }: Box): number =>
  Math.max(right - left, bottom - top);

/** Tell whether two boxes are at one place: each holds the other's middle. */
const isAt = (one: Box, other: Box): boolean =>
  holdsMiddleOf(one, other) && holdsMiddleOf(other, one);

const holdsMiddleOf = (one: Box, other: Box): boolean => touches(one, middleOf(other));

const middleOf = ({ left, top, right, bottom }: Box): Box => ({
  left: (left + right) / 2,
  top: (top + bottom) / 2,
  right: (left + right) / 2,
  bottom: (top + bottom) / 2,
});

const touches = (one: Box, other: Box): boolean =>
  one.left <= other.right &&
  other.left <= one.right &&
  one.top <= other.bottom &&
  other.top <= one.bottom;

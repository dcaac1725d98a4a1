/** Pictures in shades of grey: what helps to read coarse scans, as `scanning/pictures.py` does it. */

/** A grey for each pixel, row by row. */
export interface Grey {
  width: number;
  height: number;
  levels: Uint8ClampedArray;
}

/** How much is added of the difference to the blurred picture. */
const STRENGTH = 3;
/** Between paper and print, of 255; fainter print is no code that can be read. */
const LEAST_CONTRAST = 25;

/** Return pixels in grey, by the usual weights of red, green and blue. */
export function greyOf({ width, height, data }: ImageData): Grey {
  const levels = new Uint8ClampedArray(width * height);
  for (let at = 0, from = 0; at < levels.length; at += 1, from += 4) {
    levels[at] = (data[from]! * 299 + data[from + 1]! * 587 + data[from + 2]! * 114) / 1_000;
  }
  return { width, height, levels };
}

/** Return a grey picture as pixels. */
export function pixelsOf({ width, height, levels }: Grey): ImageData {
  const data = new Uint8ClampedArray(levels.length * 4).fill(255);
  for (let at = 0, to = 0; at < levels.length; at += 1, to += 4) {
    data[to] = data[to + 1] = data[to + 2] = levels[at]!;
  }
  return new ImageData(data, width, height);
}

/** Tell whether a picture is paper alone: too little of it is darker than the rest for a code. */
export function isBlank({ levels }: Grey): boolean {
  const counts = new Uint32Array(256);
  for (const level of levels) counts[level]! += 1;
  const levelAt = (rank: number) => {
    let left = rank;
    return counts.findIndex((count) => (left -= count) < 0);
  };
  const [paper, print] = [levels.length >> 1, Math.floor(levels.length / 500)].map(levelAt);
  return paper! - print! < LEAST_CONTRAST;
}

/** Return a picture with the difference to its blurred self added. */
export function sharpened({ width, height, levels }: Grey, radius: number): Grey {
  const weights = gaussian(radius);
  const rows = blurred(levels, width, height, 1, width, weights);
  const both = blurred(rows, height, width, width, 1, weights);
  const sharp = new Uint8ClampedArray(levels.length);
  for (let at = 0; at < sharp.length; at += 1) {
    sharp[at] = levels[at]! + (levels[at]! - both[at]!) * STRENGTH;
  }
  return { width, height, levels: sharp };
}

function gaussian(radius: number): Float32Array {
  const reach = Math.ceil(radius * 3);
  const weights = Float32Array.from({ length: reach * 2 + 1 }, (_, at) =>
    Math.exp(-((at - reach) ** 2) / (2 * radius ** 2)),
  );
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / all);
}

/** Blur along one direction: `length` pixels `step` apart, in `lines` lines `stride` apart. */
function blurred(
  from: ArrayLike<number>,
  length: number,
  lines: number,
  step: number,
  stride: number,
  weights: Float32Array,
): Float32Array {
  const to = new Float32Array(from.length);
  const reach = weights.length >> 1;
  for (let line = 0; line < lines; line += 1) {
    const start = line * stride;
    for (let at = 0; at < length; at += 1) {
      let sum = 0;
      for (let off = -reach; off <= reach; off += 1) {
        const near = Math.min(length - 1, Math.max(0, at + off));
        sum += from[start + near * step]! * weights[off + reach]!;
      }
      to[start + at * step] = sum;
    }
  }
  return to;
}

/** Return a picture so many times as wide and high, in between by cubic curves. */
export function enlarged({ width, height, levels }: Grey, times: number): Grey {
  const wide = resized(levels, width, height, 1, width, times);
  const high = resized(wide, height, width * times, width * times, 1, times);
  return { width: width * times, height: height * times, levels: high };
}

/** Enlarge along one direction; the result's lines lie as the input's, stretched. */
function resized(
  from: Uint8ClampedArray,
  length: number,
  lines: number,
  step: number,
  stride: number,
  times: number,
): Uint8ClampedArray {
  const to = new Uint8ClampedArray(from.length * times);
  const curves = Array.from({ length: times }, (_, part) => {
    const at = (part + 0.5) / times - 0.5;
    const whole = Math.floor(at);
    return { whole, weights: [-1, 0, 1, 2].map((off) => cubic(at - whole - off)) };
  });
  for (let line = 0; line < lines; line += 1) {
    const start = line * stride;
    const target = step === 1 ? start * times : start;
    for (let at = 0; at < length; at += 1) {
      for (let part = 0; part < times; part += 1) {
        const { whole, weights } = curves[part]!;
        let sum = 0;
        for (let off = 0; off < 4; off += 1) {
          const near = Math.min(length - 1, Math.max(0, at + whole + off - 1));
          sum += from[start + near * step]! * weights[off]!;
        }
        to[target + (at * times + part) * step] = sum;
      }
    }
  }
  return to;
}

/** The weight of a pixel at a distance, by the cubic curve with a = -0.5. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return 1.5 * x ** 3 - 2.5 * x ** 2 + 1;
  return x < 2 ? -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2 : 0;
}

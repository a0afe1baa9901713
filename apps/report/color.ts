// Colours of the report: ramps for images, hues for categories. Ramps rise in lightness all the way, so that they
// also read in grey.

/** An sRGB colour, 0-255. */
export type Rgb = readonly [number, number, number];

function parse(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** 256 colours through evenly spaced stops. */
function ramp(...stops: readonly string[]): readonly Rgb[] {
  const colors = stops.map(parse);
  return Array.from({ length: 256 }, (_, i) => {
    const at = (i / 255) * (colors.length - 1);
    const low = Math.min(Math.floor(at), colors.length - 2);
    const [a, b] = [colors[low]!, colors[low + 1]!];
    const mix = (c: 0 | 1 | 2) => Math.round(a[c] + (b[c] - a[c]) * (at - low));
    return [mix(0), mix(1), mix(2)] as const;
  });
}

/** Night blue to warm white: densities. */
export const densityRamp: readonly Rgb[] = ramp(
  '#0a0f1c',
  '#12294a',
  '#1a5672',
  '#3d8f86',
  '#9cc58f',
  '#fbf3cf',
);

/** Black through plum and coral to cream: photons. */
export const photonRamp: readonly Rgb[] = ramp(
  '#08070e',
  '#2a1644',
  '#6d2467',
  '#bb4458',
  '#ee8a52',
  '#fbd58c',
  '#fffbe9',
);

/** Hues that stay apart in both themes and for colour-blind readers. */
export const hues: readonly string[] = [
  '#3987c9',
  '#e08a3c',
  '#2fa37c',
  '#c2577f',
  '#8d7bd0',
  '#a8a03a',
  '#52b0c9',
  '#b5714f',
  '#6d8aa8',
  '#cf6fb8',
  '#7fae5a',
  '#d06a55',
  '#4f7f8f',
  '#9a86a8',
];

/** The hue of the i-th category; they repeat when there are more categories than hues. */
export function hue(i: number): string {
  return hues[i % hues.length]!;
}

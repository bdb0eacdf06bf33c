// Labels above a panel of a figure, in as many rows as they need so that none lies on another.

export interface Label {
  /** Where the thing is, in pixels. */
  readonly x: number;
  readonly text: string;
}

export interface PlacedLabel extends Label {
  /** 0 is the row next to the panel. */
  readonly row: number;
  /** On which side of its x the text stands. */
  readonly anchor: "start" | "end";
}

export interface RowOptions {
  /** Of a character, in pixels. */
  readonly characterWidth: number;
  /** Right end of what may be written on. */
  readonly right: number;
}

const gap = 10;

/**
 * From right to left, so that an earlier one stands above those that it would lie on. A text that would leave the figure
 * at the right stands left of its x.
 */
export function placeLabels(labels: readonly Label[], { characterWidth, right }: RowOptions): PlacedLabel[] {
  const rows: [from: number, to: number][][] = [];
  const sorted = [...labels].reverse().sort((a, b) => b.x - a.x);
  return sorted.map((label) => {
    const width = label.text.length * characterWidth;
    const anchor = label.x + width > right ? "end" : "start";
    const [from, to] = anchor === "start" ? [label.x, label.x + width] : [label.x - width, label.x];
    const isFree = (taken: [number, number][]) =>
      taken.every(([start, end]) => to + gap <= start || from >= end + gap);
    let row = rows.findIndex(isFree);
    if (row < 0) row = rows.push([]) - 1;
    rows[row]?.push([from, to]);
    return { ...label, row, anchor };
  });
}

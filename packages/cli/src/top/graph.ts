/** Eighths of a line, and what stands in for them where a terminal has only ASCII. */
export const BLOCKS = '▁▂▃▄▅▆▇█';
export const ASCII_BLOCKS = '_.-=+*%#';

/**
 * The newest values, one a column, the newest at the right. As high as a column can be is `full`, or the greatest value where
 * that is more.
 */
export function graph(values: readonly number[], { width, full, blocks }: { readonly width: number; readonly full: number; readonly blocks: string }): string {
  const shown = width > 0 ? values.slice(-width) : [];
  const top = Math.max(full, ...shown);
  return shown.map((value) => blocks[levelOf(value, top, blocks.length)]).join('').padStart(width);
}

function levelOf(value: number, top: number, levelCount: number): number {
  return top > 0 ? Math.min(levelCount - 1, Math.floor((value / top) * levelCount)) : 0;
}

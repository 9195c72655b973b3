/** Colours for a terminal. Plain text where they are unwanted. */
export interface Palette {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

const plain = (text: string): string => text;
const coloured = (code: number) => (text: string): string => `\u001b[${code}m${text}\u001b[0m`;

export const PLAIN: Palette = { good: plain, bad: plain, strong: plain, faint: plain };
export const COLOURED: Palette = { good: coloured(32), bad: coloured(31), strong: coloured(1), faint: coloured(2) };

/** NO_COLOR: https://no-color.org */
export function paletteFor(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): Palette {
  return isPlain(stream, environment) || environment['NO_COLOR'] ? PLAIN : COLOURED;
}

/** Whether a stream is no terminal, or one that cannot move its cursor. */
export function isPlain(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  return stream.isTTY !== true || environment['TERM'] === 'dumb';
}

/** Cuts a text into lines of at most `width` characters, between words where there are any. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (let word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    for (; word.length > width; word = word.slice(width)) lines.push(word.slice(0, width));
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Takes what room the others leave, and wraps. */
  readonly flexible?: boolean;
}

/** A cell's text, with how to paint it: painting adds characters that take no room. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string };

const GAP = '  ';
const FLEXIBLE_WIDTH_MIN = 24;

export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[], options: { readonly width: number; readonly palette: Palette }): string {
  const widths = columnWidths(columns, rows, options.width);
  const header = columns.map(({ title }) => ({ text: title, paint: options.palette.strong }));
  const rule = widths.map((width) => '─'.repeat(width)).join(GAP);
  return [...tableRow(columns, header, widths), options.palette.faint(rule), ...rows.flatMap((row) => tableRow(columns, row, widths))].join('\n');
}

function columnWidths(columns: readonly Column[], rows: readonly (readonly Cell[])[], width: number): readonly number[] {
  const natural = columns.map((column, index) => Math.max(column.title.length, ...rows.map((row) => textOf(row[index]).length)));
  const flexibleCount = columns.filter((column) => column.flexible === true).length;
  const fixed = natural.reduce((sum, each, index) => sum + (columns[index]?.flexible === true ? 0 : each), GAP.length * (columns.length - 1));
  const share = Math.max(FLEXIBLE_WIDTH_MIN, Math.floor((width - fixed) / Math.max(1, flexibleCount)));
  return natural.map((each, index) => (columns[index]?.flexible === true ? Math.min(each, share) : each));
}

function tableRow(columns: readonly Column[], row: readonly Cell[], widths: readonly number[]): readonly string[] {
  const cells = widths.map((width, index) => wrap(textOf(row[index]), width));
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => {
    const last = cells.findLastIndex((lines) => (lines[line] ?? '') !== '');
    const parts = cells.slice(0, last + 1).map((lines, index) => {
      const text = lines[line] ?? '';
      const cell = row[index];
      const padding = ' '.repeat((widths[index] as number) - text.length);
      const painted = typeof cell === 'object' && text !== '' ? cell.paint(text) : text;
      if (columns[index]?.align === 'right') return padding + painted;
      return index === last ? painted : painted + padding;
    });
    return parts.join(GAP);
  });
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === 'object' ? cell.text : (cell ?? '');
}

export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

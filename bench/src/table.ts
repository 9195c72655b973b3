/** Columns of text, as wide as their widest cell. The first `leftCount` are aligned to the left. */
export function formatTable(rows: readonly (readonly string[])[], leftCount = 1): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const align = (cell: string, column: number): string => (column < leftCount ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0));
  return rows.map((row) => row.map(align).join('  ').trimEnd()).join('\n');
}

/** Rows that the page has already, as a file: nothing of it is asked for again. */
export function csvOf(columns: readonly string[], rows: readonly (readonly string[])[]): () => string {
  const lines = [columns, ...rows].map((cells) =>
    cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','),
  );
  return () => `data:text/csv;charset=utf-8,${encodeURIComponent(lines.join('\r\n'))}`;
}

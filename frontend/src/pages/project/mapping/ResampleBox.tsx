import { Checkbox } from '@mantine/core';
import type { Importing } from './useImporting';

export function ResampleBox({ importing }: { readonly importing: Importing }) {
  return (
    <Checkbox
      mt="sm"
      size="xs"
      label="Bring series with gaps between their slices onto an even grid; otherwise they are refused"
      checked={importing.resample}
      onChange={(event) => importing.setResample(event.currentTarget.checked)}
    />
  );
}

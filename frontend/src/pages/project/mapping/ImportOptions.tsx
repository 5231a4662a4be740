import { Stack } from '@mantine/core';
import { NumberBox } from '../adding/NumberBox';
import { ResampleBox } from '../adding/ResampleBox';
import { SiteField } from '../adding/SiteField';
import type { Importing } from './useImporting';

/** What holds for all that was looked at, whatever its labels stand for. */
export function ImportOptions({ importing }: { readonly importing: Importing }) {
  const { project, resample, setResample, site, setSite, byNumber, setByNumber } = importing;
  return (
    <Stack gap="xs" mt="sm" maw={520}>
      <SiteField value={site} onChange={setSite} />
      <ResampleBox project={project} value={resample} onChange={setResample} />
      <NumberBox value={byNumber} onChange={setByNumber} />
    </Stack>
  );
}

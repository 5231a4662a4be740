import { Checkbox } from '@mantine/core';
import { useImportSettings } from '../../../api';

interface ResampleBoxProps {
  readonly project: number;
  /** Null = as the project says. */
  readonly value: boolean | null;
  readonly onChange: (value: boolean) => void;
}

/** What the project says, until somebody says otherwise for one import. */
export function ResampleBox({ project, value, onChange }: ResampleBoxProps) {
  const usual = useImportSettings(project).data?.resamples_gaps ?? false;
  return (
    <Checkbox
      label="Bring series with gaps between their slices onto an even grid; otherwise they are refused"
      checked={value ?? usual}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  );
}

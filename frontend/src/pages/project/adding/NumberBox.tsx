import { Checkbox } from '@mantine/core';

/** For files that are called like patients: neither cases nor the report tell their names. */
export function NumberBox({
  value,
  onChange,
}: {
  readonly value: boolean;
  readonly onChange: (value: boolean) => void;
}) {
  return (
    <Checkbox
      label="Call cases by number: names of files, which may name patients, are not kept"
      checked={value}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  );
}

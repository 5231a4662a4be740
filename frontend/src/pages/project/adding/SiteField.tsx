import { TextInput } from '@mantine/core';

const LONGEST_SITE = 80;

interface SiteFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** Where scans were made, so that a site can be held out of training later. */
export function SiteField({ value, onChange }: SiteFieldProps) {
  return (
    <TextInput
      label="Site"
      description="Where all of these were scanned, if you know it; it can be changed later on the data set page."
      placeholder="a name of your own, such as North"
      maxLength={LONGEST_SITE}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

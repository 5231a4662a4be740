import { Button, Group, Text } from '@mantine/core';
import { type Upload, useDiscardUpload } from '../../../api';
import { Notice } from '../../shell/Notice';
import { when } from '../../words';
import classes from './AddCases.module.css';
import { bytes } from './words';

/** Uploads that broke off: choose the folder again to go on, or remove what was sent. */
export function Unfinished({
  project,
  uploads,
  goOn,
}: {
  readonly project: number;
  readonly uploads: readonly Upload[];
  readonly goOn: (upload: Upload) => void;
}) {
  const discard = useDiscardUpload(project);
  return (
    <>
      {discard.error !== null && <Notice tone="failed">{discard.error.message}</Notice>}
      <ul className={classes.unfinished} aria-label="Unfinished uploads">
        {uploads.map((upload) => (
          <li key={upload.id}>
            <Text fz="sm">
              {when(upload.created_at)}, {upload.by}: {bytes(upload.received)} of {bytes(upload.size)} in{' '}
              {upload.files === 1 ? '1 file' : `${upload.files} files`}
            </Text>
            <Group gap="xs">
              <Button size="compact-sm" variant="default" onClick={() => goOn(upload)}>
                Go on
              </Button>
              <Button
                size="compact-sm"
                variant="subtle"
                loading={discard.isPending && discard.variables === upload.id}
                onClick={() => discard.mutate(upload.id)}
              >
                Remove
              </Button>
            </Group>
          </li>
        ))}
      </ul>
    </>
  );
}

import { Button, Group, Text } from '@mantine/core';
import { type Upload, useDiscardUpload } from '../../../api';
import { Notice } from '../../shell/Notice';
import { when } from '../../words';
import classes from './AddCases.module.css';
import { UnderWay } from './UnderWay';
import { type Asked, useBeginning } from './useBeginning';
import type { Reading } from './useFolderSending';
import { bytes } from './words';

/** Uploads that broke off or were only looked at: go on with them, or remove what was sent. */
export function Unfinished({
  project,
  uploads,
  reading,
  goOn,
}: {
  readonly project: number;
  readonly uploads: readonly Upload[];
  readonly reading: Reading;
  readonly goOn: (upload: Upload) => void;
}) {
  const discard = useDiscardUpload(project);
  const beginning = useBeginning(project);
  return (
    <>
      {beginning.job !== null && <UnderWay project={project} job={beginning.job} />}
      {beginning.error !== null && <Notice tone="failed">{beginning.error.message}</Notice>}
      {discard.error !== null && <Notice tone="failed">{discard.error.message}</Notice>}
      <ul className={classes.unfinished} aria-label="Unfinished uploads">
        {uploads.map((upload) => (
          <li key={upload.id}>
            <Text fz="sm">
              {when(upload.created_at)}, {upload.by}: {bytes(upload.received)} of {bytes(upload.size)} in{' '}
              {upload.files === 1 ? '1 file' : `${upload.files} files`}
            </Text>
            <Group gap="xs">
              {isComplete(upload) ? (
                <Ready
                  begin={(what) => beginning.begin(what, { folder: null, upload: upload.id }, reading)}
                />
              ) : (
                <Button size="compact-sm" variant="default" onClick={() => goOn(upload)}>
                  Go on
                </Button>
              )}
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

function isComplete({ files, received, size }: Upload): boolean {
  return files > 0 && received === size;
}

/** All of it is there: nothing has to be chosen again. */
function Ready({ begin }: { readonly begin: (what: Asked) => void }) {
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={() => begin('look')}>
        Look at it
      </Button>
      <Button size="compact-sm" variant="default" onClick={() => begin('import')}>
        Import
      </Button>
    </>
  );
}

import { Button, FileInput, Stack, Text, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { useStartImport, useUploadCase } from '../../../api';
import { Notice } from '../../shell/Notice';
import { caseLabel } from '../../words';
import classes from './AddCases.module.css';
import { FromThisComputer } from './FromThisComputer';

const NIFTI = '.nii,.gz,.nii.gz';

/** Ways in: a folder from this computer or on the server, or one file with its labels. */
export function AddCases({
  project,
  isFirst = false,
}: {
  readonly project: number;
  readonly isFirst?: boolean;
}) {
  return (
    <>
      {isFirst && (
        <p className={classes.lead}>
          This project has no cases yet. Import a folder of scans, or upload one to try it out. Cases that
          come with labels can train the first model at once.
        </p>
      )}
      <FromThisComputer project={project} />
      <div className={classes.ways}>
        <ImportFolder project={project} />
        <UploadOne project={project} />
      </div>
    </>
  );
}

function ImportFolder({ project }: { readonly project: number }) {
  const start = useStartImport(project);
  const [folder, setFolder] = useState('');
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    start.mutate(folder.trim());
  };
  return (
    <form className={classes.way} onSubmit={send} aria-label="Import a folder">
      <Stack gap="sm">
        <h2 className={classes.title}>Import a folder</h2>
        <Text fz="sm" c="dimmed">
          A folder that the server can read, with DICOM series or NIfTI files. Every scan is checked; what
          does not fit is left out and named.
        </Text>
        <TextInput
          label="Folder on the server"
          placeholder="/data/ct/abdomen"
          value={folder}
          onChange={(event) => setFolder(event.currentTarget.value)}
        />
        {start.error !== null && <Notice tone="failed">{start.error.message}</Notice>}
        {start.isSuccess && (
          <Text fz="sm" role="status">
            The import is on its way; its progress is shown above.
          </Text>
        )}
        <Button
          type="submit"
          disabled={folder.trim() === ''}
          loading={start.isPending}
          className={classes.send}
        >
          Import
        </Button>
      </Stack>
    </form>
  );
}

/** The form's fields; they are emptied when the case is there. */
function useUploadForm(project: number) {
  const upload = useUploadCase(project);
  const [image, setImage] = useState<File | null>(null);
  const [label, setLabel] = useState<File | null>(null);
  const [name, setName] = useState('');
  const clear = (): void => {
    setImage(null);
    setLabel(null);
    setName('');
  };
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (image !== null) {
      upload.mutate({ image, label, name: name.trim() }, { onSuccess: clear });
    }
  };
  return { upload, image, setImage, label, setLabel, name, setName, send };
}

function UploadOne({ project }: { readonly project: number }) {
  const { upload, image, setImage, label, setLabel, name, setName, send } = useUploadForm(project);
  return (
    <form className={classes.way} onSubmit={send} aria-label="Upload one case">
      <Stack gap="sm">
        <h2 className={classes.title}>Upload one case</h2>
        <FileInput label="Image" placeholder="CT as NIfTI" accept={NIFTI} value={image} onChange={setImage} />
        <FileInput
          label="Labels (if there are any)"
          placeholder="label map as NIfTI, on the same grid"
          accept={NIFTI}
          clearable
          value={label}
          onChange={setLabel}
        />
        <TextInput
          label="Name"
          placeholder="as you want to find it again"
          maxLength={120}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {upload.error !== null && <Notice tone="failed">{upload.error.message}</Notice>}
        {upload.data !== undefined && (
          <Text fz="sm" role="status">
            {caseLabel(upload.data.number)} was added.
          </Text>
        )}
        <Button type="submit" disabled={image === null} loading={upload.isPending} className={classes.send}>
          Upload
        </Button>
      </Stack>
    </form>
  );
}

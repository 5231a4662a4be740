import { Anchor, Button, FileInput, Group, Stack, Text, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type SubmitEvent, useState } from 'react';
import { useUploadCase } from '../../../api';
import { Notice } from '../../shell/Notice';
import { caseLabel } from '../../words';
import classes from './AddCases.module.css';
import { FromThisComputer } from './FromThisComputer';
import { NumberBox } from './NumberBox';
import { RecipeSelect } from './RecipeSelect';
import { ResampleBox } from './ResampleBox';
import { SiteField } from './SiteField';
import { UnderWay } from './UnderWay';
import { useBeginning } from './useBeginning';
import type { Reading } from './useFolderSending';

const NIFTI = '.nii,.gz,.nii.gz';

/** Ways in: a folder from this computer or on the server, or one file with its labels. */
export function AddCases({
  project,
  isFirst = false,
}: {
  readonly project: number;
  readonly isFirst?: boolean;
}) {
  const [reading, setReading] = useState<Reading>({ recipe: '', resample: null, site: '', byNumber: false });
  return (
    <>
      {isFirst && (
        <p className={classes.lead}>
          This project has no cases yet. Import a folder of scans, or upload one to try it out. Cases that
          come with labels can train the first model at once.
        </p>
      )}
      <HowToRead project={project} reading={reading} onChange={setReading} />
      <FromThisComputer project={project} reading={reading} />
      <div className={classes.ways}>
        <ImportFolder project={project} reading={reading} />
        <UploadOne project={project} site={reading.site} />
      </div>
    </>
  );
}

interface HowToReadProps {
  readonly project: number;
  readonly reading: Reading;
  readonly onChange: (reading: Reading) => void;
}

/** What holds for a folder from here as for one on the server. */
function HowToRead({ project, reading, onChange }: HowToReadProps) {
  return (
    <section className={classes.computer} aria-label="How it is read">
      <Group justify="space-between">
        <h2 className={classes.title}>How it is read</h2>
        <Anchor
          size="sm"
          renderRoot={(props) => (
            <Link to="/projects/$projectId/imports" params={{ projectId: String(project) }} {...props} />
          )}
        >
          All imports and their reports
        </Anchor>
      </Group>
      <RecipeSelect
        project={project}
        value={reading.recipe}
        onChange={(recipe) => onChange({ ...reading, recipe })}
      />
      <SiteField value={reading.site} onChange={(site) => onChange({ ...reading, site })} />
      <ResampleBox
        project={project}
        value={reading.resample}
        onChange={(resample) => onChange({ ...reading, resample })}
      />
      <NumberBox value={reading.byNumber} onChange={(byNumber) => onChange({ ...reading, byNumber })} />
    </section>
  );
}

function ImportFolder({ project, reading }: { readonly project: number; readonly reading: Reading }) {
  const beginning = useBeginning(project);
  const [folder, setFolder] = useState('');
  const origin = { folder: folder.trim(), upload: null };
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    beginning.begin('import', origin, reading);
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
        {beginning.job !== null && <UnderWay project={project} job={beginning.job} />}
        {beginning.error !== null && <Notice tone="failed">{beginning.error.message}</Notice>}
        <Group gap="xs">
          <Button type="submit" disabled={origin.folder === ''} loading={beginning.isPending === 'import'}>
            Import
          </Button>
          <Button
            variant="default"
            disabled={origin.folder === ''}
            loading={beginning.isPending === 'look'}
            onClick={() => beginning.begin('look', origin, reading)}
          >
            Look first
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** The form's fields; they are emptied when the case is there. */
function useUploadForm(project: number, site: string) {
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
      upload.mutate({ image, label, name: name.trim(), site }, { onSuccess: clear });
    }
  };
  return { upload, image, setImage, label, setLabel, name, setName, send };
}

function UploadOne({ project, site }: { readonly project: number; readonly site: string }) {
  const { upload, image, setImage, label, setLabel, name, setName, send } = useUploadForm(project, site);
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

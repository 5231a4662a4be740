import { Button, FileInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { isUnderWay, type Project, useImportModel, useJob } from '../../../../api';
import { ModelsTable } from '../../ModelsTable';
import classes from './registry.module.css';

/** Every model there is; leads can bring one from elsewhere. */
export function RegistrySection({ project }: { readonly project: Project }) {
  return (
    <>
      <ModelsTable project={project} />
      {project.role === 'lead' && <ImportModel project={project.id} />}
    </>
  );
}

function ImportModel({ project }: { readonly project: number }) {
  const [file, setFile] = useState<File | null>(null);
  const [licence, setLicence] = useState('');
  const sent = useImportModel(project);
  const send = (): void => {
    if (file !== null) {
      sent.mutate({ file, licence });
    }
  };
  return (
    <details className={classes.import}>
      <summary>Import a model</summary>
      <p className={classes.quiet}>
        A folder that was downloaded here or made by <code>python -m training fit</code>, as a zip. Its
        structures are those of this project with the same keys. A worker scores it on the test cases; then it
        waits for you to put it into service.
      </p>
      <div className={classes.row}>
        <FileInput
          label="Model folder (.zip)"
          accept=".zip"
          value={file}
          onChange={setFile}
          placeholder="Choose a file"
          className={classes.file}
        />
        <TextInput
          label="Licence"
          description="Empty: what its card says"
          maxLength={200}
          value={licence}
          onChange={(event) => setLicence(event.currentTarget.value)}
        />
        <Button disabled={file === null} loading={sent.isPending} onClick={send}>
          Import
        </Button>
      </div>
      {sent.error !== null && <p role="alert">{sent.error.message}</p>}
      {sent.data !== undefined && <Progress id={sent.data.id} />}
    </details>
  );
}

function Progress({ id }: { readonly id: number }) {
  const job = useJob(id);
  if (job.data === undefined || isUnderWay(job.data)) {
    return <p role="status">The model is being scored on the test cases…</p>;
  }
  const isDone = job.data.state === 'succeeded';
  return (
    <p role={isDone ? 'status' : 'alert'}>
      {isDone ? 'It is scored, and waits in the list of models.' : job.data.error}
    </p>
  );
}

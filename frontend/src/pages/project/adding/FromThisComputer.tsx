import { Button, Checkbox, Group } from '@mantine/core';
import { Navigate } from '@tanstack/react-router';
import { fromEvent } from 'file-selector';
import { type ChangeEvent, type DragEvent, useRef, useState } from 'react';
import { type Upload, useUploads } from '../../../api';
import { type FolderFile, isWanted } from '../../../session';
import { Notice } from '../../shell/Notice';
import classes from './AddCases.module.css';
import { Sending } from './Sending';
import { UnderWay } from './UnderWay';
import { Unfinished } from './Unfinished';
import { type FolderSending, type Reading, useFolderSending } from './useFolderSending';
import { useWayBack } from './useWayBack';
import { relativePath } from './words';

/** Drop a folder or a zip: its files are sent, and imported when all are there. */
export function FromThisComputer({
  project,
  reading,
}: {
  readonly project: number;
  readonly reading: Reading;
}) {
  const sending = useFolderSending(project);
  const uploads = useUploads(project);
  const [goOnWith, setGoOnWith] = useState<Upload | null>(null);
  const [looksFirst, setLooksFirst] = useState(false);
  const take = (files: readonly FolderFile[]): void => {
    sending.start(files, { upload: goOnWith?.id ?? null, looksFirst, reading });
    setGoOnWith(null);
  };
  const isSending = sending.state.kind === 'sending';
  const others = (uploads.data ?? []).filter(({ id }) => id !== sending.upload);
  return (
    <section className={classes.computer} aria-label="From this computer">
      <h2 className={classes.title}>From this computer</h2>
      <Outcome project={project} sending={sending} />
      {isSending ? (
        <Sending sending={sending} />
      ) : (
        <>
          <DropArea take={take} goOnWith={goOnWith} forget={() => setGoOnWith(null)} />
          <Checkbox
            label="Look first: show me the labels before anything is imported"
            checked={looksFirst}
            onChange={(event) => setLooksFirst(event.currentTarget.checked)}
          />
          {others.length > 0 && (
            <Unfinished project={project} uploads={others} reading={reading} goOn={setGoOnWith} />
          )}
        </>
      )}
    </section>
  );
}

interface OutcomeProps {
  readonly project: number;
  readonly sending: FolderSending;
}

function Outcome({ project, sending: { state } }: OutcomeProps) {
  const wayBack = useWayBack();
  if (state.kind === 'failed') {
    return (
      <Notice tone="failed">{state.message} What was sent is kept: choose the folder again to go on.</Notice>
    );
  }
  if (state.kind === 'importing') {
    const there = state.files === 1 ? 'The file is there. ' : `All ${state.files} files are there. `;
    return <UnderWay project={project} job={state.job} before={there} />;
  }
  if (state.kind === 'looking') {
    return (
      <Navigate
        to="/projects/$projectId/mapping/$lookId"
        params={{ projectId: String(project), lookId: String(state.look) }}
        search={wayBack}
      />
    );
  }
  return null;
}

function DropArea({
  take,
  goOnWith,
  forget,
}: {
  readonly take: (files: readonly FolderFile[]) => void;
  readonly goOnWith: Upload | null;
  readonly forget: () => void;
}) {
  const [isOver, setIsOver] = useState(false);
  const [problem, setProblem] = useState('');
  const pick = async (event: DragEvent | ChangeEvent): Promise<void> => {
    event.preventDefault();
    setIsOver(false);
    const files = await chosen(event.nativeEvent);
    setProblem(files.length === 0 ? 'There are no files in it.' : '');
    if (files.length > 0) take(files);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: whoever cannot drag has the two buttons
    <div
      className={classes.drop}
      data-over={isOver}
      data-testid="drop-area"
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={(event) => void pick(event)}
    >
      {goOnWith === null ? (
        <p className={classes.hint}>
          Drop a folder or a zip here: DICOM series, NIfTI, NRRD or MetaImage, with labels if there are any.
          An upload that breaks off goes on where it was.
        </p>
      ) : (
        <p className={classes.hint}>
          Drop the same {goOnWith.files === 1 ? 'file' : 'folder'} again: only what is missing is sent.{' '}
          <Button size="compact-sm" variant="subtle" onClick={forget}>
            Begin a new upload instead
          </Button>
        </p>
      )}
      <Pickers pick={pick} />
      {problem !== '' && <Notice tone="needsYou">{problem}</Notice>}
    </div>
  );
}

function Pickers({ pick }: { readonly pick: (event: ChangeEvent) => Promise<void> }) {
  const folder = useRef<HTMLInputElement>(null);
  const files = useRef<HTMLInputElement>(null);
  return (
    <Group gap="xs">
      <Button variant="default" onClick={() => folder.current?.click()}>
        Choose a folder
      </Button>
      <Button variant="default" onClick={() => files.current?.click()}>
        Choose files
      </Button>
      <input
        ref={folder}
        type="file"
        hidden
        aria-label="Folder"
        onChange={(event) => void pick(event)}
        {...{ webkitdirectory: '' }}
      />
      <input
        ref={files}
        type="file"
        hidden
        multiple
        aria-label="Files"
        onChange={(event) => void pick(event)}
      />
    </Group>
  );
}

/** The files of what was dropped or chosen, folders looked through, without what systems leave in them. */
async function chosen(event: Event): Promise<FolderFile[]> {
  const found = await fromEvent(event);
  return found
    .filter((item): item is File => item instanceof File)
    .map((file) => ({ file, path: relativePath(file) }))
    .filter(({ path }) => isWanted(path));
}

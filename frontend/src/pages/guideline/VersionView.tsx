import { Button, SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import type { GuidelineChange, GuidelineVersion, Project } from '../../api';
import { Notice } from '../shell/Notice';
import { when } from '../words';
import { namesOf } from './changeWords';
import classes from './GuidelinePage.module.css';
import { GuidelinePictures } from './GuidelinePictures';
import { GuidelineText } from './GuidelineText';
import { useGuidelineVersion } from './useGuidelineVersions';

interface VersionViewProps {
  readonly project: Project;
  readonly version: number;
  readonly newest: number;
}

type Shown = 'changes' | 'whole';

export function VersionView({ project, version, newest }: VersionViewProps) {
  const { data, error, refetch } = useGuidelineVersion(project.id, version);
  const [shown, setShown] = useState<Shown>('changes');
  if (data === undefined) {
    return error === null ? (
      <section className={classes.view} aria-busy="true" />
    ) : (
      <section className={classes.view}>
        <Notice tone="failed">
          {error.message}{' '}
          <Button size="compact-xs" variant="default" onClick={() => void refetch()}>
            Try again
          </Button>
        </Notice>
      </section>
    );
  }
  return (
    <section className={classes.view} aria-label={`Version ${data.version}`}>
      <div className={classes.head}>
        <h2 className={classes.heading}>{headWords(data, newest)}</h2>
        <SegmentedControl
          size="xs"
          aria-label="What is shown"
          data={[
            { value: 'changes', label: 'What changed' },
            { value: 'whole', label: 'Whole text' },
          ]}
          value={shown}
          onChange={(value) => setShown(value as Shown)}
        />
      </div>
      {shown === 'whole' ? (
        <GuidelineText guideline={data} structures={project.structures} />
      ) : (
        <Changes version={data} project={project} />
      )}
    </section>
  );
}

function headWords({ version, author, written_at }: GuidelineVersion, newest: number): string {
  if (version === 0) {
    return 'Before the first version';
  }
  const by = `${author ?? ''}${written_at === null ? '' : `, ${when(written_at)}`}`;
  return `Version ${version}${version === newest ? ', in force' : ''} · ${by}`;
}

interface ChangesProps {
  readonly version: GuidelineVersion;
  readonly project: Project;
}

function Changes({ version, project }: ChangesProps) {
  if (version.changes.length === 0) {
    return <p className={classes.quiet}>This version changed nothing.</p>;
  }
  return (
    <div className={classes.changes}>
      {version.changes.map((change) => (
        <Change key={change.structure ?? ''} change={change} project={project} />
      ))}
    </div>
  );
}

function Change({ change, project }: { readonly change: GuidelineChange; readonly project: Project }) {
  const { structure, spans, added, removed } = change;
  const name =
    structure === null ? 'All structures' : (namesOf([structure], project.structures)[0] ?? structure);
  const colour = project.structures.find(({ key }) => key === structure)?.colour;
  return (
    <section aria-label={name}>
      <h3 className={classes.name}>
        {colour !== undefined && <span className={classes.dot} style={{ background: colour }} />}
        {name}
      </h3>
      {spans.length > 0 && (
        <p className={classes.words}>
          {spans.map(({ kind, text }, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: spans have no other identity and are never moved
            <Words key={at} kind={kind} text={text} />
          ))}
        </p>
      )}
      {added.length > 0 && (
        <>
          <p className={classes.pictures}>{pictureWords(added.length)} added</p>
          <GuidelinePictures images={added} name={name} />
        </>
      )}
      {removed.length > 0 && (
        <>
          <p className={classes.pictures}>{pictureWords(removed.length)} taken out</p>
          <GuidelinePictures images={removed} name={name} />
        </>
      )}
    </section>
  );
}

function Words({ kind, text }: GuidelineChange['spans'][number]) {
  if (kind === 'same') {
    return text;
  }
  return kind === 'added' ? <ins>{text}</ins> : <del>{text}</del>;
}

function pictureWords(count: number): string {
  return count === 1 ? '1 picture' : `${count} pictures`;
}

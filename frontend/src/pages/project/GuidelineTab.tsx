import { Button } from '@mantine/core';
import { useState } from 'react';
import type { Guideline, Project } from '../../api';
import { GuidelinePictures } from '../guideline/GuidelinePictures';
import { Markdown } from '../guideline/Markdown';
import { useGuideline } from '../guideline/useGuideline';
import { Notice } from '../shell/Notice';
import { when } from '../words';
import { GuidelineEditor } from './GuidelineEditor';
import classes from './GuidelineTab.module.css';

/** What readers are asked to do. Everybody reads it, the lead writes it. */
export function GuidelineTab({ project }: { readonly project: Project }) {
  const { data, error, refetch } = useGuideline(project.id);
  const [isEditing, setEditing] = useState(false);
  if (data === undefined) {
    return error === null ? (
      <p className={classes.quiet}>Fetching the guideline…</p>
    ) : (
      <Notice tone="failed">
        {error.message}{' '}
        <Button size="compact-xs" variant="default" onClick={() => void refetch()}>
          Try again
        </Button>
      </Notice>
    );
  }
  if (isEditing) {
    return <GuidelineEditor project={project} guideline={data} onClose={() => setEditing(false)} />;
  }
  return (
    <>
      <div className={classes.head}>
        <span className={classes.quiet}>{versionWords(data)}</span>
        {project.role === 'lead' && (
          <Button size="compact-sm" onClick={() => setEditing(true)}>
            {data.version === 0 ? 'Write the guideline' : 'Change it'}
          </Button>
        )}
      </div>
      {data.version > 0 && <Written guideline={data} project={project} />}
    </>
  );
}

function versionWords({ version, written_at }: Guideline): string {
  if (version === 0) {
    return 'No guideline has been written for this project yet. Readers see it beside the image.';
  }
  return `Version ${version}${written_at === null ? '' : ` · ${when(written_at)}`}`;
}

function Written({ guideline, project }: { readonly guideline: Guideline; readonly project: Project }) {
  return (
    <div className={classes.written}>
      <Markdown source={guideline.text} />
      {project.structures.map(({ key, name, colour }) => {
        const chapter = guideline.structures[key];
        return (
          chapter !== undefined && (
            <section key={key} aria-label={name}>
              <h3 className={classes.name}>
                <span className={classes.dot} style={{ background: colour }} />
                {name}
              </h3>
              <Markdown source={chapter.text} />
              <GuidelinePictures images={chapter.images} name={name} />
            </section>
          )
        );
      })}
    </div>
  );
}

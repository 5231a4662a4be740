import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Guideline, Project } from '../../api';
import { GuidelineText } from '../guideline/GuidelineText';
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
        <div className={classes.about}>
          <span className={classes.quiet}>{versionWords(data)}</span>
          {data.version > 0 && (
            <Link
              to="/projects/$projectId/guideline"
              params={{ projectId: String(project.id) }}
              className={classes.link}
            >
              All versions
            </Link>
          )}
        </div>
        {project.role === 'lead' && (
          <Button size="compact-sm" onClick={() => setEditing(true)}>
            {data.version === 0 ? 'Write the guideline' : 'Change it'}
          </Button>
        )}
      </div>
      {data.version > 0 && <GuidelineText guideline={data} structures={project.structures} />}
    </>
  );
}

function versionWords({ version, written_at }: Guideline): string {
  if (version === 0) {
    return 'No guideline has been written for this project yet. Readers see it beside the image.';
  }
  return `Version ${version}${written_at === null ? '' : ` · ${when(written_at)}`}`;
}

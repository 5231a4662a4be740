import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { GuidelineListed, Project } from '../../api';
import { when } from '../words';
import { changedWords } from './changeWords';
import classes from './GuidelinePage.module.css';

interface VersionListProps {
  readonly project: Project;
  readonly listed: readonly GuidelineListed[];
  readonly shown: number;
  /** Null when the first version is among them. */
  readonly more: (() => void) | null;
  readonly isFetchingMore: boolean;
}

export function VersionList({ project, listed, shown, more, isFetchingMore }: VersionListProps) {
  return (
    <nav className={classes.versions} aria-label="Versions">
      <ol className={classes.list}>
        {listed.map((one, at) => (
          <li key={one.version}>
            <Link
              to="/projects/$projectId/guideline"
              params={{ projectId: String(project.id) }}
              search={{ version: one.version }}
              className={classes.version}
              aria-current={one.version === shown}
            >
              <span className={classes.number}>
                Version {one.version}
                {at === 0 && <span className={classes.force}>in force</span>}
              </span>
              <span className={classes.by}>
                {one.author} · <time dateTime={one.written_at}>{when(one.written_at)}</time>
              </span>
              <span className={classes.changed}>{changedWords(one, project.structures)}</span>
            </Link>
          </li>
        ))}
      </ol>
      {more !== null && (
        <Button size="compact-sm" variant="default" m={12} loading={isFetchingMore} onClick={more}>
          Older versions
        </Button>
      )}
    </nav>
  );
}

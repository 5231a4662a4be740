import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Assignment, Guideline, Structure } from '../../../api';
import { GuidelinePictures } from '../../guideline/GuidelinePictures';
import { Markdown } from '../../guideline/Markdown';
import { useGuideline } from '../../guideline/useGuideline';
import { when } from '../../words';
import { useRead } from '../readStore';
import classes from './GuidelinePanel.module.css';

/** What the project says about the active structure, then about all of them. */
export function GuidelinePanel({ assignment }: { readonly assignment: Assignment }) {
  const { data, error, refetch } = useGuideline(assignment.project.id);
  const active = useRead((state) => state.active);
  return (
    <section className={classes.section} aria-label="Guideline">
      {data !== undefined && <Content guideline={data} active={active} assignment={assignment} />}
      {data === undefined && error !== null && (
        <div className={classes.quiet} role="alert">
          {error.message}{' '}
          <Button size="compact-xs" variant="default" onClick={() => void refetch()}>
            Try again
          </Button>
        </div>
      )}
    </section>
  );
}

interface ContentProps {
  readonly guideline: Guideline;
  readonly active: Structure | null;
  readonly assignment: Assignment;
}

function Content({ guideline, active, assignment }: ContentProps) {
  if (guideline.version === 0 && guideline.text.trim() === '') {
    return (
      <p className={classes.quiet}>
        No guideline has been written for this project yet. The lead writes it on the project’s page.
      </p>
    );
  }
  return (
    <>
      {active !== null && <OfStructure guideline={guideline} structure={active} />}
      {guideline.text.trim() !== '' && (
        <div className={classes.part}>
          <h3 className={classes.title}>All structures</h3>
          <Markdown source={guideline.text} />
        </div>
      )}
      <Versions guideline={guideline} assignment={assignment} />
    </>
  );
}

/** A read that was handed in stays with the version of its time, whatever was written since. */
function Versions({ guideline, assignment }: Omit<ContentProps, 'active'>) {
  const { version, written_at } = guideline;
  const { guideline_version: pinned, project } = assignment;
  const isPinned = assignment.role === 'review' || !assignment.editable;
  return (
    <div className={classes.versions}>
      <VersionLink project={project.id} version={version}>
        Version {version}
        {isPinned && pinned === version ? ', pinned to this revision' : ', in force'}
      </VersionLink>
      {written_at !== null && ` · ${when(written_at)}`}
      {isPinned && pinned !== version && (
        <p className={classes.older}>
          {pinned === 0 ? (
            'This read was handed in before the first version.'
          ) : (
            <>
              This read was handed in under an older one:{' '}
              <VersionLink project={project.id} version={pinned}>
                Version {pinned}, pinned to this revision
              </VersionLink>
            </>
          )}
        </p>
      )}
    </div>
  );
}

interface VersionLinkProps {
  readonly project: number;
  readonly version: number;
  readonly children: ReactNode;
}

/** In a tab of its own: the case stays open. */
function VersionLink({ project, version, children }: VersionLinkProps) {
  return (
    <Link
      to="/projects/$projectId/guideline"
      params={{ projectId: String(project) }}
      search={{ version }}
      target="_blank"
      className={classes.link}
    >
      {children}
    </Link>
  );
}

interface OfStructureProps {
  readonly guideline: Guideline;
  readonly structure: Structure;
}

function OfStructure({ guideline, structure }: OfStructureProps) {
  const found = guideline.structures[structure.key];
  return (
    <div className={classes.part}>
      <h3 className={classes.title}>
        <span className={classes.dot} style={{ background: structure.colour }} />
        {structure.name}
      </h3>
      {found === undefined ? (
        <p className={classes.none}>Nothing special is said about this structure.</p>
      ) : (
        <>
          <Markdown source={found.text} />
          <GuidelinePictures images={found.images} name={structure.name} />
        </>
      )}
    </div>
  );
}

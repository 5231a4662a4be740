import { Button } from '@mantine/core';
import type { Guideline, Structure } from '../../../api';
import { GuidelinePictures } from '../../guideline/GuidelinePictures';
import { Markdown } from '../../guideline/Markdown';
import { useGuideline } from '../../guideline/useGuideline';
import { when } from '../../words';
import { useRead } from '../readStore';
import classes from './GuidelinePanel.module.css';

/** What the project says about the active structure, then about all of them. */
export function GuidelinePanel({ project }: { readonly project: number }) {
  const { data, error, refetch } = useGuideline(project);
  const active = useRead((state) => state.active);
  return (
    <section className={classes.section} aria-label="Guideline">
      {data !== undefined && <Content guideline={data} active={active} />}
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
}

function Content({ guideline, active }: ContentProps) {
  if (guideline.version === 0) {
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
      <p className={classes.version}>
        Version {guideline.version}
        {guideline.written_at !== null && ` · ${when(guideline.written_at)}`}
      </p>
    </>
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

import { Anchor } from '@mantine/core';
import { type MouseEvent, Suspense } from 'react';
import type { Project } from '../../../api';
import classes from './LearningTab.module.css';
import { NextTraining } from './rounds/NextTraining';
import { isLead, type LearningSection, SECTIONS } from './sections';

/** How the project's models learn: what a label buys, which models there are, when they are trained and why. */
export function LearningTab({ project }: { readonly project: Project }) {
  const sections = SECTIONS.filter(({ isFor }) => isFor(project));
  return (
    <>
      <div className={classes.top}>
        <Jumps sections={sections} />
        {isLead(project) && <NextTraining project={project} />}
      </div>
      {sections.map(({ key, title, Panel }) => (
        <section key={key} id={`learning-${key}`} className={classes.section} aria-label={title}>
          <h2 className={classes.title}>{title}</h2>
          <Suspense fallback={<div className={classes.waiting} aria-busy="true" />}>
            <Panel project={project} />
          </Suspense>
        </section>
      ))}
    </>
  );
}

/** The page is long; the address stays that of the tab. */
function Jumps({ sections }: { readonly sections: readonly LearningSection[] }) {
  const jump = (event: MouseEvent, key: string): void => {
    event.preventDefault();
    document.getElementById(`learning-${key}`)?.scrollIntoView({ behavior: 'smooth' });
  };
  return (
    <nav className={classes.jumps} aria-label="Parts of this page">
      {sections.map(({ key, title }) => (
        <Anchor key={key} size="sm" href={`#learning-${key}`} onClick={(event) => jump(event, key)}>
          {title}
        </Anchor>
      ))}
    </nav>
  );
}

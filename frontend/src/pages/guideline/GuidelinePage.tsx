import { Button } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { type Me, type Project, useProject } from '../../api';
import { Header } from '../shell/Header';
import { Notice } from '../shell/Notice';
import { Message } from '../shell/RootLayout';
import classes from './GuidelinePage.module.css';
import { useGuidelineVersions } from './useGuidelineVersions';
import { VersionList } from './VersionList';
import { VersionView } from './VersionView';

const route = getRouteApi('/signedIn/projects/$projectId/guideline');

/** Every version of a project's guideline: what it said, and what it changed. */
export function GuidelinePage() {
  const { projectId } = route.useParams();
  const { me } = route.useRouteContext();
  return <Loaded key={projectId} me={me} id={Number(projectId)} />;
}

function Loaded({ me, id }: { readonly me: Me; readonly id: number }) {
  const project = useProject(id);
  const ref = me.projects.find((candidate) => candidate.id === id) ?? null;
  return (
    <div className={classes.page}>
      <Header me={me} project={ref} page="project" />
      {project.data !== undefined && <Versions project={project.data} />}
      {project.data === undefined && project.error !== null && (
        <Message title="The project could not be read" text={project.error.message}>
          <Button onClick={() => void project.refetch()}>Try again</Button>
        </Message>
      )}
    </div>
  );
}

function Versions({ project }: { readonly project: Project }) {
  const { version: wanted } = route.useSearch();
  const versions = useGuidelineVersions(project.id);
  const listed = versions.data?.pages.flat();
  if (listed === undefined) {
    return versions.error === null ? (
      <main className={classes.main} aria-busy="true" />
    ) : (
      <Message title="The guideline’s versions could not be read" text={versions.error.message}>
        <Button onClick={() => void versions.refetch()}>Try again</Button>
      </Message>
    );
  }
  const newest = listed[0]?.version ?? null;
  return (
    <main className={classes.main}>
      <h1 className={classes.title}>Guideline of {project.name}</h1>
      {versions.error !== null && <Notice tone="needsYou">{versions.error.message}</Notice>}
      {newest === null ? (
        <p className={classes.quiet}>
          No guideline has been written for this project yet. The lead writes it on the project’s page.
        </p>
      ) : (
        <div className={classes.columns}>
          <VersionList
            project={project}
            listed={listed}
            shown={wanted ?? newest}
            more={versions.hasNextPage ? () => void versions.fetchNextPage() : null}
            isFetchingMore={versions.isFetchingNextPage}
          />
          <VersionView project={project} version={wanted ?? newest} newest={newest} />
        </div>
      )}
    </main>
  );
}

import { Button, Tabs } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { Suspense } from 'react';
import { type Me, type Project, useProject } from '../../api';
import { Header } from '../shell/Header';
import { Notice } from '../shell/Notice';
import { Message } from '../shell/RootLayout';
import { JobAtHand } from './Learning';
import { Overview } from './Overview';
import classes from './ProjectPage.module.css';
import { type ProjectTab, TABS } from './tabs';

const route = getRouteApi('/signedIn/projects/$projectId');

export function ProjectPage() {
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
      {project.data !== undefined && (
        <>
          {project.error !== null && (
            <Notice tone="needsYou">{project.error.message} What you see may be some minutes old.</Notice>
          )}
          <Content project={project.data} />
        </>
      )}
      {project.data === undefined && project.error !== null && (
        <Message title="The project could not be read" text={project.error.message}>
          <Button onClick={() => void project.refetch()}>Try again</Button>
        </Message>
      )}
    </div>
  );
}

function Content({ project }: { readonly project: Project }) {
  return (
    <main className={classes.main}>
      <h1 className={classes.title}>{project.name}</h1>
      <Overview project={project} />
      <JobAtHand project={project} />
      <ProjectTabs project={project} />
    </main>
  );
}

/** The open tab stands in the address, so that it can be sent to somebody and comes back on a reload. */
function ProjectTabs({ project }: { readonly project: Project }) {
  const { tab } = route.useSearch();
  const navigate = route.useNavigate();
  const tabs = TABS.filter(({ isFor }) => isFor(project));
  const isNamed = ({ value, formerly }: ProjectTab): boolean =>
    tab !== undefined && (value === tab || formerly === tab);
  const open = tabs.find(isNamed) ?? tabs[0];
  const choose = (value: string | null): void => {
    void navigate({
      search: value === null || value === tabs[0]?.value ? {} : { tab: value },
      replace: true,
    });
  };
  return (
    <Tabs value={open?.value ?? null} onChange={choose} keepMounted={false}>
      <Tabs.List>
        {tabs.map(({ value, label }) => (
          <Tabs.Tab key={value} value={value}>
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map(({ value, Panel }) => (
        <Tabs.Panel key={value} value={value} pt="md">
          <Suspense fallback={<div className={classes.waiting} aria-busy="true" />}>
            <Panel project={project} />
          </Suspense>
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

import { Button, Tabs } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { type Me, type Project, useProject } from '../../api';
import { Header } from '../shell/Header';
import { Notice } from '../shell/Notice';
import { Message } from '../shell/RootLayout';
import { AddCases } from './AddCases';
import { CasesTable } from './CasesTable';
import { GuidelineTab } from './GuidelineTab';
import { Learning } from './Learning';
import { ModelsTable } from './ModelsTable';
import { Overview } from './Overview';
import classes from './ProjectPage.module.css';
import { SettingsTab } from './SettingsTab';

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
  const isLead = project.role === 'lead';
  const seesCases = project.role !== 'annotator';
  const isEmpty = Object.values(project.case_counts).every((count) => count === 0);
  return (
    <main className={classes.main}>
      <h1 className={classes.title}>{project.name}</h1>
      <Overview project={project} />
      <Learning project={project} />
      <Tabs defaultValue={seesCases ? 'cases' : 'models'} keepMounted={false}>
        <Tabs.List>
          {seesCases && <Tabs.Tab value="cases">Cases</Tabs.Tab>}
          <Tabs.Tab value="models">Models</Tabs.Tab>
          {isLead && <Tabs.Tab value="data">Add cases</Tabs.Tab>}
          <Tabs.Tab value="guideline">Guideline</Tabs.Tab>
          {isLead && <Tabs.Tab value="settings">Settings</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="cases" pt="md">
          {isEmpty && isLead ? <AddCases project={project.id} isFirst /> : <CasesTable project={project} />}
        </Tabs.Panel>
        <Tabs.Panel value="models" pt="md">
          <ModelsTable project={project} />
        </Tabs.Panel>
        <Tabs.Panel value="data" pt="md">
          <AddCases project={project.id} />
        </Tabs.Panel>
        <Tabs.Panel value="guideline" pt="md">
          <GuidelineTab project={project} />
        </Tabs.Panel>
        <Tabs.Panel value="settings" pt="md">
          <SettingsTab project={project} />
        </Tabs.Panel>
      </Tabs>
    </main>
  );
}

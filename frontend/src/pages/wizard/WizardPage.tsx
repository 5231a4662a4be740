import { Button } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { useProject } from '../../api';
import { Header } from '../shell/Header';
import { Message } from '../shell/RootLayout';
import { AFTERWARDS, BEFORE } from './afterwards';
import { BeginSteps } from './BeginSteps';
import { Steps } from './Steps';
import classes from './Wizard.module.css';

const route = getRouteApi('/signedIn/projects/new');

export function WizardPage() {
  const { me } = route.useRouteContext();
  const { project, step } = route.useSearch();
  const navigate = route.useNavigate();
  const ref = me.projects.find(({ id, role }) => id === project && role === 'lead') ?? null;
  const open = (made: number, next: string): void => {
    void navigate({ search: { project: made, step: next }, replace: true });
  };
  return (
    <div className={classes.page}>
      <Header me={me} project={ref} page="project" />
      <main className={classes.main}>
        {ref === null ? (
          me.may_create_projects ? (
            <BeginSteps onMade={(made) => open(made, AFTERWARDS[0].value)} />
          ) : (
            <NotAllowed />
          )
        ) : (
          <Afterwards id={ref.id} step={step} onStep={(next) => open(ref.id, next)} />
        )}
      </main>
    </div>
  );
}

function NotAllowed() {
  return (
    <Message
      title="Your account may not create projects"
      text="Ask an administrator for the permission to add projects, or for an invitation into one that exists."
    />
  );
}

interface AfterwardsProps {
  readonly id: number;
  readonly step: string | undefined;
  readonly onStep: (step: string) => void;
}

function Afterwards({ id, step, onStep }: AfterwardsProps) {
  const project = useProject(id);
  const navigate = route.useNavigate();
  const found = AFTERWARDS.findIndex(({ value }) => value === step);
  const at = Math.max(0, found);
  const { Step } = AFTERWARDS[at] ?? AFTERWARDS[0];
  const next = AFTERWARDS[at + 1];
  const finish = () => void navigate({ to: '/projects/$projectId', params: { projectId: String(id) } });
  return (
    <>
      <Steps
        at={BEFORE + at}
        onStep={(to) => onStep(AFTERWARDS[to - BEFORE]?.value ?? AFTERWARDS[0].value)}
      />
      {project.data !== undefined && <Step project={project.data} />}
      {project.data === undefined && project.error !== null && (
        <Message title="The project could not be read" text={project.error.message}>
          <Button onClick={() => void project.refetch()}>Try again</Button>
        </Message>
      )}
      <div className={classes.way}>
        <span className={classes.quiet}>Everything here can be changed later on the project's page.</span>
        {next !== undefined && (
          <Button variant="default" onClick={finish}>
            Open the project
          </Button>
        )}
        <Button onClick={next === undefined ? finish : () => onStep(next.value)}>
          {next === undefined ? 'Open the project' : `On to ${next.label.toLowerCase()}`}
        </Button>
      </div>
    </>
  );
}

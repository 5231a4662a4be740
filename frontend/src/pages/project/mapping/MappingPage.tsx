import { Anchor, Button, Progress } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { type Look, type Seen, useCancelJob, useLook, useProject } from '../../../api';
import { Header } from '../../shell/Header';
import { Notice } from '../../shell/Notice';
import { Message } from '../../shell/RootLayout';
import { progressWords } from '../imports/words';
import { KnownDataSets, WithoutLabels } from './KnownDataSets';
import { LabelMapping } from './LabelMapping';
import classes from './mapping.module.css';
import { scanWords } from './words';

const route = getRouteApi('/signedIn/projects/$projectId/mapping/$lookId');

/** What an import would bring, and how its labels are to be read; then it is imported so. */
export function MappingPage() {
  const { projectId, lookId } = route.useParams();
  const { me } = route.useRouteContext();
  const id = Number(projectId);
  const look = useLook(id, Number(lookId));
  return (
    <div>
      <Header me={me} project={me.projects.find((one) => one.id === id) ?? null} page="project" />
      {look.data !== undefined && (
        <main className={classes.main}>
          <WayBack project={id} />
          <h1 className={classes.title}>What the labels stand for</h1>
          <Content look={look.data} project={id} />
        </main>
      )}
      {look.data === undefined && look.error !== null && (
        <Message title="This page could not be read" text={look.error.message}>
          <Button onClick={() => void look.refetch()}>Try again</Button>
        </Message>
      )}
    </div>
  );
}

/** To where the look was asked for. */
function WayBack({ project }: { readonly project: number }) {
  const { from } = route.useSearch();
  return from === 'wizard' ? (
    <Anchor
      size="sm"
      renderRoot={(props) => <Link to="/projects/new" search={{ project, step: 'cases' }} {...props} />}
    >
      Back to the new project
    </Anchor>
  ) : (
    <Anchor
      size="sm"
      renderRoot={(props) => (
        <Link
          to="/projects/$projectId"
          params={{ projectId: String(project) }}
          search={{ tab: 'data' }}
          {...props}
        />
      )}
    >
      Add cases
    </Anchor>
  );
}

interface ContentProps {
  readonly look: Look;
  readonly project: number;
}

function Content({ look, project }: ContentProps) {
  if (look.state === 'failed') {
    return (
      <Notice tone="failed">{look.error || 'It failed and the worker gave no reason; see its log.'}</Notice>
    );
  }
  if (look.state === 'cancelled') {
    return <p className={classes.lead}>Cancelled. Nothing was stored; look again, or import at once.</p>;
  }
  if (look.looked === null) {
    return <Looking look={look} project={project} />;
  }
  return <Found look={look} looked={look.looked} project={project} />;
}

function Looking({ look, project }: ContentProps) {
  const cancel = useCancelJob(project);
  const { done = 0, total = 0 } = look.progress;
  return (
    <section className={classes.panel} aria-label="How far it is">
      <p className={classes.quiet} role="status">
        {look.state === 'queued' ? 'Waits for a worker.' : progressWords(look.progress)}
      </p>
      <Progress.Root size="sm" my={8}>
        <Progress.Section value={total > 0 ? (100 * done) / total : 0} aria-label="Looking progress" />
      </Progress.Root>
      <Button
        size="compact-sm"
        variant="default"
        loading={cancel.isPending}
        onClick={() => cancel.mutate(look.id)}
      >
        Cancel
      </Button>
      {cancel.error !== null && <p className={classes.problem}>{cancel.error.message}</p>}
    </section>
  );
}

interface FoundProps extends ContentProps {
  readonly looked: Seen;
}

function Found({ look, looked, project }: FoundProps) {
  const found = useProject(project).data;
  const isKnown = looked.recognised !== null || looked.alike.length > 0;
  return (
    <>
      <p className={classes.lead}>{scanWords(looked)} Nothing is stored yet.</p>
      <NotRead looked={looked} />
      {isKnown && <KnownDataSets project={project} look={look} looked={looked} />}
      {!isKnown && looked.names.length === 0 && <WithoutLabels project={project} look={look} />}
      {!isKnown && looked.names.length > 0 && found !== undefined && (
        <LabelMapping project={found} look={look} labels={looked.names} />
      )}
    </>
  );
}

/** What an import would refuse as well, and what was noticed. */
function NotRead({ looked: { refused, notes } }: { readonly looked: Seen }) {
  return (
    <>
      {notes.map((note) => (
        <p key={note} className={classes.lead}>
          {note}
        </p>
      ))}
      {refused.length > 0 && (
        <details className={classes.lead}>
          <summary>
            {refused.length === 1 ? '1 file cannot be read' : `${refused.length} files cannot be read`}
          </summary>
          <ul>
            {refused.map(({ file, sentence }, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: files of one name are told apart by their place alone
              <li key={`${at} ${file}`}>
                {file}: {sentence}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

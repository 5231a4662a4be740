import { Anchor, Button, Progress } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import {
  goesOn,
  type ImportReport,
  importFile,
  type Project,
  useCancelJob,
  useImport,
  useProject,
} from '../../../api';
import { Header } from '../../shell/Header';
import { Notice } from '../../shell/Notice';
import { Message } from '../../shell/RootLayout';
import { when } from '../../words';
import { DataSetFacts } from './DataSetFacts';
import { FindingsTable } from './FindingsTable';
import classes from './imports.module.css';
import { Tag } from './Tag';
import { progressWords, STATES, untilNowWords, wayWords } from './words';

const route = getRouteApi('/signedIn/projects/$projectId/imports/$jobId');

/** One import, while it goes on and afterwards: what became of every series, and why. */
export function ImportPage() {
  const { projectId, jobId } = route.useParams();
  const { me } = route.useRouteContext();
  const id = Number(projectId);
  const found = useImport(id, Number(jobId));
  const project = useProject(id).data ?? null;
  return (
    <div>
      <Header me={me} project={me.projects.find((one) => one.id === id) ?? null} page="project" />
      {found.data !== undefined && (
        <main className={classes.main}>
          <Top report={found.data} project={id} />
          {found.error !== null && (
            <Notice tone="needsYou">{found.error.message} What you see may be some minutes old.</Notice>
          )}
          <State report={found.data} />
          <Result report={found.data} project={project} />
        </main>
      )}
      {found.data === undefined && found.error !== null && (
        <Message title="This import could not be read" text={found.error.message}>
          <Button onClick={() => void found.refetch()}>Try again</Button>
        </Message>
      )}
    </div>
  );
}

interface PartProps {
  readonly report: ImportReport;
  readonly project: number;
}

function Top({ report, project }: PartProps) {
  const cancel = useCancelJob(project);
  const { word, tone } = STATES[report.state];
  return (
    <header className={classes.top}>
      <div>
        <Anchor
          size="sm"
          renderRoot={(props) => (
            <Link to="/projects/$projectId/imports" params={{ projectId: String(project) }} {...props} />
          )}
        >
          All imports
        </Anchor>
        <h1 className={classes.title}>
          Import {report.id} <Tag tone={tone}>{word}</Tag>
        </h1>
        <p className={classes.quiet}>
          {wayWords(report)} · {report.by === null ? '' : `${report.by}, `}
          {when(report.created_at)}
          {report.site !== '' && ` · site ${report.site}`}
          {report.resample && ' · series with gaps may be resampled'}
        </p>
      </div>
      <div className={classes.acts}>
        {report.findings.length > 0 && (
          <>
            <FileButton project={project} id={report.id} form="csv" label="Download CSV" />
            <FileButton project={project} id={report.id} form="jsonl" label="Download JSON lines" />
          </>
        )}
        {goesOn(report) && (
          <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate(report.id)}>
            Cancel
          </Button>
        )}
        {cancel.error !== null && <p className={classes.problem}>{cancel.error.message}</p>}
      </div>
    </header>
  );
}

interface FileButtonProps {
  readonly project: number;
  readonly id: number;
  readonly form: 'csv' | 'jsonl';
  readonly label: string;
}

function FileButton({ project, id, form, label }: FileButtonProps) {
  return (
    <Button component="a" variant="default" href={importFile(project, id, form)} download>
      {label}
    </Button>
  );
}

function State({ report }: { readonly report: ImportReport }) {
  switch (report.state) {
    case 'queued':
      return (
        <p className={classes.line}>
          Waits for a worker. If it waits for long, look at whether one is running.
        </p>
      );
    case 'running':
      return <Running progress={report.progress} />;
    case 'failed':
      return (
        <Notice tone="failed">
          {report.error || 'It failed and the worker gave no reason; see its log.'}
        </Notice>
      );
    case 'cancelled':
      return (
        <p className={classes.line}>
          Cancelled. Cases that it had made by then are in the project; the same import again adds the rest.
        </p>
      );
    case 'succeeded':
      return null;
  }
}

function Running({ progress }: Pick<ImportReport, 'progress'>) {
  const { done = 0, total = 0 } = progress;
  return (
    <section className={classes.panel} aria-label="How far it is">
      <p className={classes.line} role="status">
        {progressWords(progress)}
      </p>
      <Progress.Root size="sm" mt={8}>
        <Progress.Section value={total > 0 ? (100 * done) / total : 0} aria-label="Import progress" />
      </Progress.Root>
    </section>
  );
}

interface ResultProps {
  readonly report: ImportReport;
  readonly project: Project | null;
}

function Result({ report, project }: ResultProps) {
  const { data_set: dataSet, notes, counts, findings } = report;
  return (
    <>
      {dataSet !== null && (
        <section className={classes.panel} aria-label="Data set">
          <DataSetFacts dataSet={dataSet} />
        </section>
      )}
      {notes.length > 0 && (
        <section className={classes.panel} aria-label="Notes">
          <h2>Notes</h2>
          <ul className={classes.notes}>
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </section>
      )}
      {findings.length > 0 && <UntilNow report={report} />}
      {(findings.length > 0 || report.state === 'succeeded') && (
        <FindingsTable project={project} findings={findings} counts={counts} />
      )}
    </>
  );
}

/** While it goes on, the newest of what was found; afterwards nothing has to be said. */
function UntilNow({ report }: { readonly report: ImportReport }) {
  const words = untilNowWords(report);
  return words === '' ? null : (
    <p className={classes.line} role="status">
      {words}
    </p>
  );
}

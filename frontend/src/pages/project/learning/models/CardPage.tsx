import { Anchor, Badge, Button, Group, Textarea, TextInput } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import {
  folderAddress,
  type ModelCard,
  type ModelFigure,
  networkAddress,
  useDescribeModel,
  useModelCard,
} from '../../../../api';
import { Header } from '../../../shell/Header';
import { Message } from '../../../shell/RootLayout';
import { MODEL_STATES, when } from '../../../words';
import { signed } from '../gain/figures';
import classes from './registry.module.css';

const route = getRouteApi('/signedIn/projects/$projectId/models/$version');

const VERDICTS: Readonly<Record<ModelCard['decisions'][number]['verdict'], string>> = {
  promoted: 'promoted by the gate',
  refused: 'refused by the gate',
  overruled: 'promoted by a lead',
  rolled_back: 'put back into service by a lead',
};

/** Everything that is known of one model, on a page that can be printed. */
export function CardPage() {
  const { projectId, version } = route.useParams();
  const { me } = route.useRouteContext();
  const id = Number(projectId);
  const card = useModelCard(id, Number(version));
  return (
    <div>
      <Header me={me} project={me.projects.find((one) => one.id === id) ?? null} page="project" />
      {card.data !== undefined && <Card card={card.data} project={id} />}
      {card.data === undefined && card.error !== null && (
        <Message title="This model could not be read" text={card.error.message}>
          <Button onClick={() => void card.refetch()}>Try again</Button>
        </Message>
      )}
    </div>
  );
}

interface CardProps {
  readonly card: ModelCard;
  readonly project: number;
}

function Card({ card, project }: CardProps) {
  return (
    <main className={classes.main}>
      <header className={classes.top}>
        <div>
          <Anchor
            size="sm"
            className={classes.noPrint ?? ''}
            renderRoot={(props) => (
              <Link
                to="/projects/$projectId"
                params={{ projectId: String(project) }}
                search={{ tab: 'learning' }}
                {...props}
              />
            )}
          >
            Learning
          </Anchor>
          <h1>Model {card.version}</h1>
        </div>
        <Group className={classes.noPrint ?? ''}>
          <Badge variant="light" tt="none">
            {MODEL_STATES[card.state]}
          </Badge>
          <Button component="a" variant="default" href={folderAddress(project, card.version)} download>
            Download the folder
          </Button>
          {card.network_file && (
            <Button
              component="a"
              variant="default"
              href={networkAddress(project, card.version)}
              download
              title="The network as one TorchScript file, which programs other than this one can run"
            >
              Network as one file
            </Button>
          )}
          <Button variant="default" onClick={() => window.print()}>
            Print
          </Button>
        </Group>
      </header>
      {card.sentence !== '' && <p>{card.sentence}</p>}
      <Facts card={card} />
      <Scores card={card} />
      {card.change !== null && card.change.structures.length > 0 && (
        <Changes card={card} change={card.change} />
      )}
      <h2 className={classes.heading}>Decisions</h2>
      <Decisions card={card} />
      <h2 className={classes.heading}>Licence and limits</h2>
      <p>{card.licence === '' ? 'No licence is given.' : card.licence}</p>
      <p>{card.notes}</p>
      <Describe card={card} project={project} />
    </main>
  );
}

function Facts({ card }: { readonly card: ModelCard }) {
  const learned =
    card.source === 'imported'
      ? `imported by ${card.imported_by ?? 'somebody'}`
      : `${card.cases.train} cases (${card.train_numbers.join(', ') || 'none'}), ${card.cases.validation} for validation`;
  const facts: readonly (readonly [string, string, boolean?])[] = [
    ['Made', when(card.created_at)],
    ['Learned from', learned],
    ['Starts from', card.parent === null ? 'nothing' : `model ${card.parent}`],
    ['Network', card.network],
    ['Code', card.code_version === '' ? 'not kept' : card.code_version],
    ['Frozen set, SHA-256', card.snapshot_sha256 === '' ? 'none' : card.snapshot_sha256, true],
    ['Weights, SHA-256', card.weights_sha256, true],
  ];
  return (
    <dl className={classes.facts}>
      {facts.map(([name, value, isSum]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd className={isSum === true ? classes.sum : undefined}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Scores({ card }: { readonly card: ModelCard }) {
  return (
    <>
      <h2 className={classes.heading}>Scores on {card.test_cases} frozen test cases</h2>
      <table className={classes.table} aria-label="Scores">
        <thead>
          <tr>
            <th>Structure</th>
            <th>Dice (95 % CI)</th>
            <th>Surface Dice (95 % CI)</th>
            <th>at</th>
            <th>n</th>
          </tr>
        </thead>
        <tbody>
          {card.structures.map((one) => (
            <tr key={one.key}>
              <td>{one.name}</td>
              <td>{figure(one.dice)}</td>
              <td>{figure(one.surface_dice)}</td>
              <td>{one.tolerance_mm === null ? '—' : `${one.tolerance_mm} mm`}</td>
              <td>{one.dice.n}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={classes.quiet}>
        Means over cases; intervals: other test cases. Metric: {card.metric_version || 'not measured'}.
      </p>
    </>
  );
}

interface ChangesProps {
  readonly card: ModelCard;
  readonly change: NonNullable<ModelCard['change']>;
}

/** What fine-tuning made of the model that this one started from. */
function Changes({ card, change }: ChangesProps) {
  const names = new Map(card.structures.map((one) => [one.key, one.name]));
  const from = `model ${change.parent}${change.imported ? ', imported' : ''}`;
  return (
    <>
      <h2 className={classes.heading}>Before and after</h2>
      <table className={classes.table} aria-label="Before and after">
        <thead>
          <tr>
            <th>Structure</th>
            <th>Dice before ({from})</th>
            <th>Dice after</th>
            <th>Difference (95 % CI)</th>
            <th>n</th>
          </tr>
        </thead>
        <tbody>
          {change.structures.map((one) => (
            <tr key={one.key}>
              <td>{names.get(one.key) ?? one.key}</td>
              <td>{one.before.toFixed(3)}</td>
              <td>{one.after.toFixed(3)}</td>
              <td>
                {signed(one.difference, 3)} ({signed(one.low, 3)} to {signed(one.high, 3)})
              </td>
              <td>{one.cases}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={classes.quiet}>
        Both models on the same {change.cases} frozen test cases of this project. What the new model forgot of
        another project is told by python -m training adapt, with that project’s data.
      </p>
    </>
  );
}

function figure({ estimate, low, high }: ModelFigure): string {
  if (estimate === null) {
    return '—';
  }
  const interval = low === null || high === null ? '' : ` (${low.toFixed(3)}–${high.toFixed(3)})`;
  return `${estimate.toFixed(3)}${interval}`;
}

function Decisions({ card }: { readonly card: ModelCard }) {
  if (card.decisions.length === 0) {
    return <p className={classes.quiet}>Nobody has decided about this model yet.</p>;
  }
  return (
    <ul>
      {card.decisions.map((one) => (
        <li key={one.at}>
          {when(one.at)}: {VERDICTS[one.verdict]}
          {one.by === null ? '' : ` (${one.by})`}. {one.reason}
        </li>
      ))}
    </ul>
  );
}

/** Licence and limits go with the folder. */
function Describe({ card, project }: CardProps) {
  const [licence, setLicence] = useState(card.licence);
  const [notes, setNotes] = useState(card.notes);
  const describe = useDescribeModel(project, card.version);
  return (
    <details className={classes.noPrint}>
      <summary>Change licence and limits</summary>
      <TextInput
        label="Licence"
        maxLength={200}
        value={licence}
        onChange={(event) => setLicence(event.currentTarget.value)}
      />
      <Textarea
        label="Limits and notes"
        maxLength={4000}
        autosize
        minRows={2}
        value={notes}
        onChange={(event) => setNotes(event.currentTarget.value)}
      />
      <Button mt="sm" loading={describe.isPending} onClick={() => describe.mutate({ licence, notes })}>
        Save
      </Button>
      {describe.error !== null && <p role="alert">{describe.error.message}</p>}
    </details>
  );
}

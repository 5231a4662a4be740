import { Button, Radio, Stack } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { type KnownDataSet, type Look, type Seen, useAskLook } from '../../../api';
import { Notice } from '../../shell/Notice';
import { DataSetFacts } from '../imports/DataSetFacts';
import { ImportOptions } from './ImportOptions';
import classes from './mapping.module.css';
import { useImporting } from './useImporting';
import { dataSetWords } from './words';

interface KnownProps {
  readonly project: number;
  readonly look: Look;
  readonly looked: Seen;
}

/** Files that look like those of a public data set: its recipe is there already. */
export function KnownDataSets({ project, look, looked: { recognised, alike } }: KnownProps) {
  const importing = useImporting(project, look);
  const offered = recognised === null ? alike : [recognised];
  const [key, setKey] = useState(recognised?.key ?? '');
  const chosen = offered.find((one) => one.key === key);
  return (
    <section className={classes.panel} aria-label="Public data set">
      <h2>
        {recognised === null
          ? 'These may be the files of one of these data sets'
          : 'These are the files of a public data set'}
      </h2>
      {recognised === null && <Choice offered={offered} value={key} onChoose={setKey} />}
      {chosen !== undefined && <Chosen dataSet={chosen} />}
      {importing.error !== null && <Notice tone="failed">{importing.error.message}</Notice>}
      <ImportOptions importing={importing} />
      <div className={classes.acts}>
        <Button
          disabled={chosen === undefined || chosen.refused !== ''}
          loading={importing.isPending}
          onClick={() => importing.begin(key)}
        >
          Import with its recipe
        </Button>
        <MapAnyway project={project} look={look} />
      </div>
    </section>
  );
}

function Chosen({ dataSet }: { readonly dataSet: KnownDataSet }) {
  return (
    <>
      <p className={classes.lead}>{dataSetWords(dataSet)}</p>
      <DataSetFacts dataSet={dataSet} />
      {dataSet.refused !== '' && <Notice tone="needsYou">{dataSet.refused}</Notice>}
    </>
  );
}

interface ChoiceProps {
  readonly offered: readonly KnownDataSet[];
  readonly value: string;
  readonly onChoose: (key: string) => void;
}

function Choice({ offered, value, onChoose }: ChoiceProps) {
  return (
    <Radio.Group
      label="Their files lie alike, so that you have to say which it is"
      value={value}
      onChange={onChoose}
      my="sm"
    >
      <Stack gap={6} mt={6}>
        {offered.map(({ key, title }) => (
          <Radio key={key} size="xs" value={key} label={title} />
        ))}
      </Stack>
    </Radio.Group>
  );
}

/** Look again, and this time pass over what the layout of the files says. */
function MapAnyway({ project, look: { folder, upload } }: Pick<KnownProps, 'project' | 'look'>) {
  const again = useAskLook(project);
  const navigate = useNavigate();
  const map = (): void =>
    again.mutate(
      { folder, upload, byNames: true },
      {
        onSuccess: ({ id }) =>
          void navigate({
            to: '/projects/$projectId/mapping/$lookId',
            params: { projectId: String(project), lookId: String(id) },
          }),
      },
    );
  return (
    <>
      <Button variant="default" loading={again.isPending} onClick={map}>
        Map the labels myself
      </Button>
      {again.error !== null && <p className={classes.problem}>{again.error.message}</p>}
    </>
  );
}

/** Scans alone: nothing is to be mapped. */
export function WithoutLabels({ project, look }: Pick<KnownProps, 'project' | 'look'>) {
  const importing = useImporting(project, look);
  return (
    <section className={classes.panel} aria-label="Without labels">
      <p className={classes.quiet}>There are no labels to map.</p>
      {importing.error !== null && <Notice tone="failed">{importing.error.message}</Notice>}
      <ImportOptions importing={importing} />
      <div className={classes.acts}>
        <Button loading={importing.isPending} onClick={() => importing.begin('')}>
          Import the scans
        </Button>
      </div>
    </section>
  );
}

import { Button, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import {
  type CasesAsked,
  type Dataset,
  type Narrowed,
  type Project,
  rowsAddress,
  useDataset,
} from '../../../api';
import { Notice } from '../../shell/Notice';
import { DatasetCasesDrawer } from './DatasetCasesDrawer';
import classes from './dataset.module.css';
import { Groups } from './Groups';
import { Sizes } from './Sizes';
import { Sources } from './Sources';
import { Splits } from './Splits';
import { Structures } from './Structures';
import type { SectionProps } from './section';
import { ALL, asQuery, count, NOT_KNOWN } from './words';

/** What the data set consists of; every number opens its cases. */
export function DatasetTab({ project }: { readonly project: Project }) {
  const [narrowed, setNarrowed] = useState(ALL);
  const found = useDataset(project.id, narrowed);
  const whole = useDataset(project.id, ALL);
  if (found.data === undefined) {
    return found.error === null ? (
      <div className={classes.waiting} aria-busy="true" />
    ) : (
      <p role="alert">
        {found.error.message}{' '}
        <Button size="compact-sm" variant="default" onClick={() => void found.refetch()}>
          Try again
        </Button>
      </p>
    );
  }
  if (whole.data?.cases === 0) {
    return <p className={classes.quiet}>No case yet. Add some under “Add cases”.</p>;
  }
  return (
    <>
      {found.error !== null && <Notice tone="needsYou">{found.error.message}</Notice>}
      <Narrowing
        project={project.id}
        whole={whole.data ?? found.data}
        narrowed={narrowed}
        onNarrow={setNarrowed}
      />
      <Sections project={project} dataset={found.data} narrowed={narrowed} />
    </>
  );
}

function Sections(given: Omit<SectionProps, 'onOpen'>) {
  const [asked, setAsked] = useState<CasesAsked | null>(null);
  const { project, dataset } = given;
  const section: SectionProps = { ...given, onOpen: setAsked };
  return (
    <>
      <p className={classes.summary}>
        <strong>{count(dataset.cases, 'case')}</strong> of {count(dataset.patients, 'patient')}.
        {dataset.uncounted > 0 &&
          ` ${count(dataset.uncounted, 'delineation')} still to be looked at for what they show.`}
      </p>
      <Groups {...section} />
      <Structures {...section} />
      <Sources {...section} />
      <Sizes {...section} />
      <Splits project={project} dataset={dataset} />
      <DatasetCasesDrawer project={project} asked={asked} onClose={() => setAsked(null)} />
    </>
  );
}

interface NarrowingProps {
  readonly project: number;
  readonly whole: Dataset;
  readonly narrowed: Narrowed;
  readonly onNarrow: (narrowed: Narrowed) => void;
}

const FIELDS = [
  ['source', 'Data set'],
  ['site', 'Site'],
  ['scanner', 'Scanner'],
] as const;

function Narrowing({ project, whole, narrowed, onNarrow }: NarrowingProps) {
  return (
    <section className={classes.narrowing} aria-label="Show only">
      {FIELDS.map(([what, label]) => (
        <NativeSelect
          key={what}
          size="xs"
          label={label}
          value={narrowed[what]}
          onChange={(event) => onNarrow({ ...narrowed, [what]: event.currentTarget.value })}
          data={[
            { value: '', label: 'all' },
            ...whole.groups
              .filter((row) => row.what === what)
              .map(({ word, cases }) => ({
                value: word === '' ? NOT_KNOWN : word,
                label: `${word === '' ? 'not known' : word} (${cases})`,
              })),
          ]}
        />
      ))}
      <Button
        size="xs"
        variant="default"
        component="a"
        href={rowsAddress(project, 'dataset_scans', asQuery(narrowed), 'csv')}
        download="dataset.csv"
      >
        Cases as CSV
      </Button>
    </section>
  );
}

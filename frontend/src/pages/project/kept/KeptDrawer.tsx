import { Badge, Drawer } from '@mantine/core';
import type { ReactNode } from 'react';
import { type KeptScan, type Project, useKeptScan } from '../../../api';
import { CASE_STATES, caseLabel } from '../../words';
import classes from './kept.module.css';
import { copyWords, headerRows, shapeWords, spacingWords } from './words';

interface KeptDrawerProps {
  readonly project: Project;
  /** Id of the case; null = closed. */
  readonly opened: number | null;
  readonly onClose: () => void;
}

/** What is kept of a scan. */
export function KeptDrawer({ project, opened, onClose }: KeptDrawerProps) {
  const found = useKeptScan(project.id, opened);
  return (
    <Drawer
      opened={opened !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title={found.data === undefined ? 'Case' : `${caseLabel(found.data.number)} · ${found.data.name}`}
    >
      {found.error !== null && <p role="alert">{found.error.message}</p>}
      {found.error === null && found.data === undefined && <p className={classes.quiet}>Looking…</p>}
      {found.data !== undefined && <Kept project={project} kept={found.data} />}
    </Drawer>
  );
}

function Kept({ project, kept }: { readonly project: Project; readonly kept: KeptScan }) {
  return (
    <>
      <p className={classes.quiet}>All that is kept of the scan. Nothing of it names the patient.</p>
      <Facts
        rows={[
          ['State', CASE_STATES[kept.split === 'test' ? 'test' : kept.state]],
          ['Split', kept.split],
          ['Site', kept.site || 'not known'],
          ['Data set', <SourceWords key="source" source={kept.source} />],
          ['Modality', kept.modality],
          ['Size', shapeWords(kept)],
          ['Spacing', spacingWords(kept)],
          ['Date (shifted)', kept.acquired_on ?? 'not known'],
          ['Same patient', kept.same_patient.map(caseLabel).join(', ') || 'no other case'],
        ]}
      />
      <h3 className={classes.heading}>From the header</h3>
      {Object.keys(kept.header).length === 0 ? (
        <p className={classes.quiet}>Nothing: the file has no DICOM header.</p>
      ) : (
        <Facts rows={headerRows(kept.header)} />
      )}
      <h3 className={classes.heading}>Noticed when it came in</h3>
      {kept.marks.length === 0 ? (
        <p className={classes.quiet}>Nothing out of the ordinary.</p>
      ) : (
        <ul className={classes.list}>
          {kept.marks.map(({ outcome, cause, message }) => (
            <li key={`${cause} ${message}`}>
              <Badge size="sm" variant="light" color={outcome === 'warned' ? 'yellow' : 'gray'}>
                {outcome}
              </Badge>{' '}
              {message}
            </li>
          ))}
        </ul>
      )}
      <h3 className={classes.heading}>Perhaps the same scan</h3>
      {kept.copies.length === 0 ? (
        <p className={classes.quiet}>None is known.</p>
      ) : (
        <ul className={classes.list}>
          {kept.copies.map((copy) => (
            <li key={`${copy.number} ${copy.same_slices} ${copy.same_look}`}>{copyWords(copy)}</li>
          ))}
        </ul>
      )}
      <h3 className={classes.heading}>Delineation</h3>
      <Delineation project={project} kept={kept} />
    </>
  );
}

function Facts({ rows }: { readonly rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={classes.facts}>
      {rows.map(([name, value]) => (
        <Fact key={name} name={name} value={value} />
      ))}
    </dl>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

function SourceWords({ source }: { readonly source: KeptScan['source'] }) {
  if (source === null) {
    return 'not known';
  }
  return (
    <>
      {source.title} ({source.licence || 'licence not known'}){' '}
      {source.non_commercial && (
        <Badge size="sm" variant="light" color="yellow">
          not for commercial use
        </Badge>
      )}
      {source.citation !== '' && <div className={classes.quiet}>{source.citation}</div>}
    </>
  );
}

function Delineation({ project, kept }: { readonly project: Project; readonly kept: KeptScan }) {
  const names = new Map(project.structures.map(({ key, name }) => [key, name]));
  const words = (keys: readonly string[]): string =>
    keys.map((key) => names.get(key) ?? key).join(', ') || '—';
  if (kept.annotated.length === 0) {
    return <p className={classes.quiet}>No accepted delineation.</p>;
  }
  const { shown } = kept;
  if (shown === null) {
    return (
      <p className={classes.quiet}>
        Annotated: {words(kept.annotated)}. What it shows is still being counted.
      </p>
    );
  }
  return (
    <Facts
      rows={[
        ['Present', words(shown)],
        ['Absent', words(kept.annotated.filter((key) => !shown.includes(key)))],
      ]}
    />
  );
}

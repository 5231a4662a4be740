import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { Notice } from '../../shell/Notice';
import classes from './Plan.module.css';

interface Asked<Data> {
  readonly data: Data | undefined;
  readonly error: Error | null;
  readonly refetch: () => unknown;
}

interface SectionProps<Data> {
  readonly title: string;
  readonly lead: string;
  readonly asked: Asked<Data>;
  readonly children: (data: Data) => ReactNode;
}

/** A part of the page with its title, once its rows are there. */
export function Section<Data>({ title, lead, asked, children }: SectionProps<Data>) {
  return (
    <section className={classes.section} aria-label={title}>
      <h2 className={classes.title}>{title}</h2>
      <p className={classes.quiet}>{lead}</p>
      {asked.error !== null && (
        <Notice tone={asked.data === undefined ? 'failed' : 'needsYou'}>
          {asked.error.message}{' '}
          <Button size="compact-xs" variant="default" onClick={() => void asked.refetch()}>
            Try again
          </Button>
        </Notice>
      )}
      {asked.data === undefined
        ? asked.error === null && <div className={classes.waiting} aria-busy="true" />
        : children(asked.data)}
    </section>
  );
}

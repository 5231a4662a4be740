import type { ReactNode } from 'react';
import classes from './Notice.module.css';

interface NoticeProps {
  /** Amber for what needs somebody, red only for what failed. */
  readonly tone: 'needsYou' | 'failed';
  readonly children: ReactNode;
}

/** One or two sentences that must not be overlooked, at the place they are about. */
export function Notice({ tone, children }: NoticeProps) {
  return (
    <div className={classes.notice} data-tone={tone} role="alert">
      {children}
    </div>
  );
}

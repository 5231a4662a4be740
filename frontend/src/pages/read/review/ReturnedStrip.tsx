import { CloseButton } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useState } from 'react';
import type { Assignment } from '../../../api';
import classes from './ReturnedStrip.module.css';

/** What the reviewer asks for, above the image until the reader has read it. */
export function ReturnedStrip({ assignment }: { readonly assignment: Assignment }) {
  const [isDismissed, setDismissed] = useState(false);
  const last = assignment.comments.at(-1);
  if (
    isDismissed ||
    assignment.role !== 'annotate' ||
    assignment.state !== 'returned' ||
    last?.verdict !== 'return'
  ) {
    return null;
  }
  return (
    <aside className={classes.strip} aria-label="Returned to you">
      <IconArrowBackUp size={16} aria-hidden />
      <strong>Returned to you</strong>
      <span className={classes.comment}>
        {last.comment === '' ? 'See the pins, beside the image.' : last.comment}
      </span>
      <CloseButton size="sm" aria-label="Dismiss the comment" onClick={() => setDismissed(true)} />
    </aside>
  );
}

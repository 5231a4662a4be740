import { Button, Textarea } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { usePromoteModel, useRollBack } from '../../../../api';
import { Notice } from '../../../shell/Notice';
import classes from './gate.module.css';

export interface Decision {
  readonly kind: 'promote' | 'rollBack';
  readonly version: number;
  /** What serves now. */
  readonly serving: number | null;
}

interface DecidingProps {
  readonly project: number;
  readonly decision: Decision;
  readonly onEnd: () => void;
}

const LONGEST = 1000;

/** A lead says why; then the model serves and predicts what nobody has opened. */
export function Deciding({ project, decision, onEnd }: DecidingProps) {
  const { kind, version, serving } = decision;
  const [reason, setReason] = useState('');
  const promote = usePromoteModel(project);
  const rollBack = useRollBack(project);
  const asked = kind === 'promote' ? promote : rollBack;
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    asked.mutate({ version, reason: reason.trim() }, { onSuccess: onEnd });
  };
  return (
    <form className={classes.deciding} onSubmit={send}>
      <p>
        Model {version} will serve{serving === null ? '' : ` instead of model ${serving}`} and predict every
        case that nobody has opened. Cases that somebody has opened stay as they are.
      </p>
      <Textarea
        label="Why"
        description="Kept with the decision."
        autosize
        minRows={1}
        maxRows={5}
        maxLength={LONGEST}
        data-autofocus
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      {asked.error !== null && <Notice tone="failed">{asked.error.message}</Notice>}
      <div className={classes.buttons}>
        <Button type="submit" loading={asked.isPending} disabled={reason.trim() === ''}>
          {kind === 'promote' ? `Put model ${version} into service` : `Roll back to model ${version}`}
        </Button>
        <Button variant="default" disabled={asked.isPending} onClick={onEnd}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

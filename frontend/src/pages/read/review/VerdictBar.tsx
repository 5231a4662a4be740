import { Button, Group, Textarea } from '@mantine/core';
import { type ReactNode, useMemo, useState } from 'react';
import type { Assignment } from '../../../api';
import { PinForm } from '../pins/PinForm';
import { isSendKey } from '../pins/PinsPanel';
import { usePinStore } from '../pins/pinStore';
import { useRead } from '../readStore';
import { type Tally, tallyOf, useJudged } from './judgedStore';
import type { Judge } from './useJudge';
import classes from './VerdictBar.module.css';

interface VerdictBarProps {
  readonly assignment: Assignment;
  readonly judge: Judge;
}

/** How many structures are left, and the verdict on the whole. A fix is simply drawn, then accepted. */
export function VerdictBar({ assignment, judge }: VerdictBarProps) {
  const panel = useRead((state) => state.panel);
  const judged = useJudged((state) => state.judged);
  const tally = useMemo(() => tallyOf(assignment, judged), [assignment, judged]);
  const { editable } = assignment;
  return (
    <section className={classes.bar} aria-label="Verdict">
      {judge.problem !== null && (
        <p className={classes.problem} role="alert">
          {judge.problem}
        </p>
      )}
      {editable && panel === 'pin' && <PinForm />}
      {editable && panel === 'return' && <ReturnForm judge={judge} tally={tally} />}
      {editable && panel === 'accept' && <AcceptRest judge={judge} tally={tally} />}
      {!(editable && (panel === 'pin' || panel === 'return' || panel === 'accept')) && (
        <Whole editable={editable} judge={judge} tally={tally} />
      )}
    </section>
  );
}

interface WholeProps {
  readonly editable: boolean;
  readonly judge: Judge;
  readonly tally: Tally;
}

function Whole({ editable, judge, tally }: WholeProps) {
  const set = useRead((state) => state.set);
  const goesBack = tally.returned.length > 0;
  return (
    <>
      <p className={classes.left} role="status">
        {tallyWords(tally)}
      </p>
      <Group gap="xs" grow>
        <Button
          size="sm"
          aria-label="Accept"
          variant={goesBack ? 'default' : 'filled'}
          disabled={!editable || goesBack}
          loading={judge.isPending}
          title={goesBack ? 'A structure is to go back: return the read, or accept that structure.' : ''}
          onClick={() => judge.give('accept', '')}
        >
          Accept all
        </Button>
        <Button
          size="sm"
          variant={goesBack ? 'filled' : 'default'}
          aria-label="Return"
          disabled={!editable || judge.isPending}
          onClick={() => set({ panel: 'return' })}
        >
          Return…
        </Button>
      </Group>
    </>
  );
}

function tallyWords({ all, left, returned }: Tally): ReactNode {
  const toReturn = returned.length > 0 ? ` · ${returned.length} to return` : '';
  if (left.length === 0) {
    return (
      <>
        All {all} judged{toReturn} <kbd className={classes.key}>⏎</kbd>
      </>
    );
  }
  return (
    <>
      {left.length} of {all} structures left{toReturn} <kbd className={classes.key}>Y</kbd>
      <kbd className={classes.key}>R</kbd>
    </>
  );
}

interface FormProps {
  readonly judge: Judge;
  readonly tally: Tally;
}

/** Asked once, where Enter finds structures without a verdict. */
function AcceptRest({ judge, tally: { left } }: FormProps) {
  const set = useRead((state) => state.set);
  const count = left.length === 1 ? '1 structure has' : `${left.length} structures have`;
  return (
    <>
      <p className={classes.left}>{count} no verdict yet. Accept with the others?</p>
      <Group gap="xs">
        <Button
          size="compact-sm"
          autoFocus
          loading={judge.isPending}
          onClick={() => judge.give('accept', '')}
        >
          Accept all
        </Button>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={() => set({ panel: null })}>
          Back
        </Button>
      </Group>
    </>
  );
}

function ReturnForm({ judge, tally: { returned } }: FormProps) {
  const set = useRead((state) => state.set);
  const pins = usePinStore((state) => state.pins)?.filter((pin) => pin.state === 'open' && pin.deletable);
  const hasPins = (pins?.length ?? 0) > 0;
  const [comment, setComment] = useState('');
  const isEmpty = comment.trim() === '' && !hasPins;
  const send = (): void => {
    if (!isEmpty) judge.give('return', comment.trim());
  };
  return (
    <>
      <Textarea
        label="What has to change?"
        description={returnWords(
          returned.map(({ name }) => name),
          pins?.length ?? 0,
        )}
        autosize
        minRows={3}
        maxRows={8}
        maxLength={4000}
        autoFocus
        value={comment}
        onChange={(event) => setComment(event.currentTarget.value)}
        onKeyDown={(event) => isSendKey(event) && send()}
        mb="xs"
      />
      <Group gap="xs">
        <Button
          size="compact-sm"
          disabled={isEmpty}
          loading={judge.isPending}
          onClick={send}
          aria-label="Return"
        >
          Return (Ctrl-⏎)
        </Button>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={() => set({ panel: null })}>
          Cancel
        </Button>
      </Group>
    </>
  );
}

function returnWords(returned: readonly string[], pins: number): string {
  const which = returned.length > 0 ? `To return: ${returned.join(', ')}. ` : '';
  if (pins === 0) {
    return `${which}The reader sees this above the image.`;
  }
  return `${which}The reader sees ${pins === 1 ? 'your pin' : `your ${pins} pins`}, and this above the image; it may stay empty.`;
}

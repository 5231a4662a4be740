import { Button, Checkbox, Group, Popover, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useEffect, useState } from 'react';
import { refreshWorklist, useSubmit, useTakeNext } from '../../../api';
import { askFirst, imagesGoOn, imagesStandBack } from '../../upcoming/goOn';
import { readLabel, saveSentence } from '../../words';
import { useGuidanceStore } from '../guidance/guidanceStore';
import { structuresIn } from '../masks/structuresIn';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';
import classes from './SubmitButton.module.css';
import { type OpenStructure, openWords, summaryWords, type Unfinished, unfinishedOf } from './unfinished';

/** The next case comes first; that the last submit can be taken back is said half a minute long. */
const UNDO_SHOWN_AFTER_MS = 1_500;

/** Asks once, below its own button and beside the image, and says what is unfinished. */
export function SubmitButton({ opened }: { readonly opened: OpenedCase }) {
  const { assignment } = opened;
  const isOpen = useRead((state) => state.panel === 'submit');
  const set = useRead((state) => state.set);
  return (
    <Popover
      opened={isOpen}
      onDismiss={() => set({ panel: null })}
      position="bottom-end"
      width={450}
      trapFocus
      shadow="md"
    >
      <Popover.Target>
        <Button
          size="compact-sm"
          disabled={!assignment.editable}
          aria-label="Submit"
          onClick={() => set({ panel: isOpen ? null : 'submit' })}
        >
          Submit ⏎
        </Button>
      </Popover.Target>
      <Popover.Dropdown role="dialog" aria-label="Submit this case">
        <Question opened={opened} onClose={() => set({ panel: null })} />
      </Popover.Dropdown>
    </Popover>
  );
}

interface QuestionProps {
  readonly opened: OpenedCase;
  readonly onClose: () => void;
}

function Question({ opened, onClose }: QuestionProps) {
  const unfinished = useUnfinished(opened);
  const [leftOut, setLeftOut] = useState<ReadonlySet<string>>(new Set(opened.assignment.not_looked_at));
  const { send, sending, problem } = useSend(opened);
  const submit = (then: Then): void => send([...leftOut], then);
  return (
    // Shift-Enter on whichever button has the focus.
    <div onKeyDownCapture={(event) => isGoOn(event) && submit('next')}>
      <Text fz="sm" mb="xs">
        Submit {readLabel(opened.assignment.alias, opened.assignment.case?.number)} for review?{' '}
        {unfinished === null ? 'Checking what is unfinished…' : summaryWords(unfinished)}
      </Text>
      {unfinished !== null && unfinished.structures.length > 0 && (
        <OpenList structures={unfinished.structures} leftOut={leftOut} onChange={setLeftOut} />
      )}
      {problem !== null && (
        <Text fz="sm" c="var(--needs-you-text)" mb="xs" role="alert">
          {problem}
        </Text>
      )}
      <Group gap="xs">
        <Button
          size="compact-sm"
          data-autofocus
          loading={sending === 'list'}
          disabled={sending === 'next'}
          onClick={() => submit('list')}
          aria-label="Submit now"
        >
          Submit ⏎
        </Button>
        <Button
          size="compact-sm"
          variant="light"
          loading={sending === 'next'}
          disabled={sending === 'list'}
          onClick={() => submit('next')}
          title="Submit, and open the next case (Shift-Enter)"
        >
          Submit, next case ⇧⏎
        </Button>
        <Button size="compact-sm" variant="default" onClick={onClose}>
          Keep drawing
        </Button>
      </Group>
    </div>
  );
}

/** Not what the button that has the focus would do. */
function isGoOn(event: KeyboardEvent): boolean {
  const isIt = event.key === 'Enter' && event.shiftKey;
  if (isIt) event.preventDefault();
  return isIt;
}

interface OpenListProps {
  readonly structures: readonly OpenStructure[];
  /** Keys. */
  readonly leftOut: ReadonlySet<string>;
  readonly onChange: (leftOut: ReadonlySet<string>) => void;
}

/** Absent is not the same as not looked at: only the reader knows which. */
function OpenList({ structures, leftOut, onChange }: OpenListProps) {
  const toggle = (key: string): void => {
    const keys = new Set(leftOut);
    if (!keys.delete(key)) {
      keys.add(key);
    }
    onChange(keys);
  };
  return (
    <>
      <ul className={classes.list} data-testid="unfinished">
        {structures.map((open) => (
          <li key={open.structure.key}>
            <Checkbox
              size="xs"
              label={
                <>
                  {open.structure.name}{' '}
                  <span className={open.isEmptied ? classes.emptied : classes.about}>{openWords(open)}</span>
                </>
              }
              checked={leftOut.has(open.structure.key)}
              onChange={() => toggle(open.structure.key)}
            />
          </li>
        ))}
      </ul>
      <p className={classes.note}>
        Tick what you did not look at: it is handed in as “not looked at”, and models learn nothing from it.
      </p>
    </>
  );
}

/** Counted when the question is asked; the model's mask in portions. */
function useUnfinished({ prediction }: OpenedCase): Unfinished | null {
  const [unfinished, setUnfinished] = useState<Unfinished | null>(null);
  useEffect(() => {
    let isGone = false;
    void structuresIn(prediction, () => isGone).then((predicted) => {
      if (!isGone) {
        setUnfinished(unfinishedNow(predicted));
      }
    });
    return () => {
      isGone = true;
    };
  }, [prediction]);
  return unfinished;
}

function unfinishedNow(predicted: ReadonlySet<string>): Unfinished | null {
  const { structures, port } = useRead.getState();
  const { regions, done } = useGuidanceStore.getState();
  return port === null
    ? null
    : unfinishedOf({
        structures,
        isDrawn: ({ layer, value }) => port.engine.voxelCount(layer, value) > 0,
        isPredicted: ({ layer, value }) => predicted.has(`${layer}/${value}`),
        lookedShare: (structure) => port.views.lookedShare(structure),
        regions: regions?.length ?? 0,
        done,
      });
}

/** Where the reader goes from here. */
type Then = 'list' | 'next';

/** Everything must be saved first: what is submitted is a revision. */
function useSend({ assignment, queue, looked, measured }: OpenedCase) {
  const submit = useSubmit(assignment.id);
  const goOn = useGoOn(assignment.project.id);
  const [sending, setSending] = useState<Then | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const run = async (notLookedAt: readonly string[], then: Then): Promise<void> => {
    setProblem(null);
    setSending(then);
    imagesStandBack();
    try {
      const [saved] = await Promise.all([queue.flush(), looked.flush(), measured.flush()]);
      if (saved.kind !== 'saved') {
        setProblem(`Not submitted. ${saveSentence(saved)}`);
        imagesGoOn();
        return;
      }
      await submit.mutateAsync({ revision: queue.head, notLookedAt });
      await goOn(then);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      imagesGoOn();
    } finally {
      setSending(null);
    }
  };
  const send = (notLookedAt: readonly string[], then: Then) => void run(notLookedAt, then);
  return { send, sending, problem };
}

/** The worklist says why there is no next case, and lets a submit be taken back. */
function useGoOn(project: number): (then: Then) => Promise<void> {
  const take = useTakeNext(project);
  const navigate = useNavigate();
  const client = useQueryClient();
  return async (then) => {
    const taken =
      then === 'next' ? await askFirst(() => take.mutateAsync('annotate')).catch(() => null) : null;
    if (taken === null || taken.assignment === null) {
      imagesGoOn();
      await navigate({ to: '/worklist', search: { project } });
      return;
    }
    await navigate({ to: '/annotate/$assignmentId', params: { assignmentId: String(taken.assignment) } });
    setTimeout(() => void refreshWorklist(client, project), UNDO_SHOWN_AFTER_MS);
  };
}

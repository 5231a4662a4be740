import { Button, Checkbox, Group, Popover, Text } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useSubmit } from '../../../api';
import { readLabel, saveSentence } from '../../words';
import { useGuidanceStore } from '../guidance/guidanceStore';
import { structuresIn } from '../masks/structuresIn';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';
import classes from './SubmitButton.module.css';
import { type OpenStructure, openWords, summaryWords, type Unfinished, unfinishedOf } from './unfinished';

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
      width={336}
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
  const { send, isPending, problem } = useSend(opened);
  return (
    <>
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
          loading={isPending}
          onClick={() => send([...leftOut])}
          aria-label="Submit now"
        >
          Submit ⏎
        </Button>
        <Button size="compact-sm" variant="default" onClick={onClose}>
          Keep drawing
        </Button>
      </Group>
    </>
  );
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

/** Everything must be saved first: what is submitted is a revision. */
function useSend({ assignment, queue, looked, measured }: OpenedCase) {
  const submit = useSubmit(assignment.id);
  const navigate = useNavigate();
  const [isPending, setPending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const run = async (notLookedAt: readonly string[]): Promise<void> => {
    setProblem(null);
    setPending(true);
    try {
      const [saved] = await Promise.all([queue.flush(), looked.flush(), measured.flush()]);
      if (saved.kind !== 'saved') {
        setProblem(`Not submitted. ${saveSentence(saved)}`);
        return;
      }
      await submit.mutateAsync({ revision: queue.head, notLookedAt });
      await navigate({ to: '/worklist', search: { project: assignment.project.id } });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setPending(false);
    }
  };
  return { send: (notLookedAt: readonly string[]) => void run(notLookedAt), isPending, problem };
}

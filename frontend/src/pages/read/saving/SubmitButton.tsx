import { Button, Group, Popover, Text } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useSubmit } from '../../../api';
import { caseLabel, saveSentence } from '../../words';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';

const NAMES_SHOWN = 4;

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
      width={272}
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
  const { send, isPending, problem } = useSend(opened);
  return (
    <>
      <Text fz="sm" mb="xs">
        Submit {caseLabel(opened.assignment.case.number)} for review? <Unfinished />
      </Text>
      {problem !== null && (
        <Text fz="sm" c="var(--needs-you-text)" mb="xs" role="alert">
          {problem}
        </Text>
      )}
      <Group gap="xs">
        <Button size="compact-sm" data-autofocus loading={isPending} onClick={send} aria-label="Submit now">
          Submit ⏎
        </Button>
        <Button size="compact-sm" variant="default" onClick={onClose}>
          Keep drawing
        </Button>
      </Group>
    </>
  );
}

/** Structures without a single voxel: absent, or forgotten. Only the reader knows. */
function Unfinished() {
  const structures = useRead((state) => state.structures);
  const port = useRead((state) => state.port);
  if (port === null) {
    return null;
  }
  const empty = structures.filter(({ layer, value }) => port.engine.voxelCount(layer, value) === 0);
  if (empty.length === 0) {
    return 'Every structure has been drawn.';
  }
  const names = empty.slice(0, NAMES_SHOWN).map(({ name }) => name);
  const more = empty.length > NAMES_SHOWN ? ` and ${empty.length - NAMES_SHOWN} more` : '';
  return `Nothing is drawn for ${names.join(', ')}${more}.`;
}

/** Everything must be saved first: what is submitted is a revision. */
function useSend({ assignment, queue }: OpenedCase) {
  const submit = useSubmit(assignment.id);
  const navigate = useNavigate();
  const [isPending, setPending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const run = async (): Promise<void> => {
    setProblem(null);
    setPending(true);
    try {
      const saved = await queue.flush();
      if (saved.kind !== 'saved') {
        setProblem(`Not submitted. ${saveSentence(saved)}`);
        return;
      }
      await submit.mutateAsync(queue.head);
      await navigate({ to: '/worklist', search: { project: assignment.project.id } });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setPending(false);
    }
  };
  return { send: () => void run(), isPending, problem };
}

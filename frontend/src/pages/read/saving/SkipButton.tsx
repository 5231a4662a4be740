import { Button, Group, Popover, Radio, Text, Textarea } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useSkip } from '../../../api';
import { readLabel, saveSentence } from '../../words';
import type { OpenedCase } from '../openCase';
import { useHead } from '../useOpenCase';

const REASONS = [
  'The image is too poor to read',
  'Anatomy that the guideline does not cover',
  'The start is not worth correcting',
  'I know this patient',
];
const OWN_WORDS = 'Something else';
const LONGEST = 400;

/** For a case that this reader cannot or should not read, at any time before it is handed in. */
export function SkipButton({ opened }: { readonly opened: OpenedCase }) {
  const { assignment } = opened;
  const [isOpen, setOpen] = useState(false);
  if (!assignment.editable || assignment.role !== 'annotate') {
    return null;
  }
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" width={348} trapFocus shadow="md">
      <Popover.Target>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={() => setOpen(!isOpen)}>
          Skip
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Question opened={opened} onClose={() => setOpen(false)} />
      </Popover.Dropdown>
    </Popover>
  );
}

interface QuestionProps {
  readonly opened: OpenedCase;
  readonly onClose: () => void;
}

function Question({ opened, onClose }: QuestionProps) {
  const { assignment, queue } = opened;
  const isDrawn = useHead(queue) > 0;
  const [chosen, setChosen] = useState('');
  const [words, setWords] = useState('');
  const { skip, isPending, problem } = useGiveUp(opened);
  const reason = reasonOf(chosen, words.trim());
  return (
    <>
      <Text fz="sm" mb={8}>
        Skip {readLabel(assignment.alias, assignment.case?.number)}? It goes to another reader and does not
        come back to you. {isDrawn ? 'What you drew is kept as a branch.' : 'You have drawn nothing.'}
      </Text>
      <Reasons chosen={chosen} onChoose={setChosen} />
      <Textarea
        size="xs"
        mb="xs"
        autosize
        minRows={2}
        maxRows={5}
        maxLength={LONGEST}
        label={chosen === OWN_WORDS ? 'What is it?' : 'In your own words (if you like)'}
        value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
      />
      {problem !== null && (
        <Text fz="sm" c="var(--needs-you-text)" mb="xs" role="alert">
          {problem}
        </Text>
      )}
      <Group gap="xs" wrap="nowrap">
        <Button size="compact-sm" disabled={reason === '' || isPending} onClick={() => skip(reason, false)}>
          Skip it
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          disabled={reason === '' || isPending}
          title="Skip it, and from now on only experts get it"
          onClick={() => skip(reason, true)}
        >
          Send to an expert
        </Button>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={onClose}>
          Keep it
        </Button>
      </Group>
    </>
  );
}

interface ReasonsProps {
  readonly chosen: string;
  readonly onChoose: (reason: string) => void;
}

function Reasons({ chosen, onChoose }: ReasonsProps) {
  return (
    <Radio.Group size="xs" mb={8} label="Why? The project lead reads it." value={chosen} onChange={onChoose}>
      {[...REASONS, OWN_WORDS].map((reason, at) => (
        <Radio
          key={reason}
          size="xs"
          mt={6}
          value={reason}
          label={reason}
          data-autofocus={at === 0 || undefined}
        />
      ))}
    </Radio.Group>
  );
}

/** One of the list, own words, or both; empty while neither says why. */
function reasonOf(chosen: string, words: string): string {
  const listed = chosen === OWN_WORDS ? '' : chosen;
  return [listed, words].filter((part) => part !== '').join(': ');
}

/** What was drawn must be on the server first: afterwards nothing is taken for this read any more. */
function useGiveUp({ assignment, queue, looked, measured }: OpenedCase) {
  const request = useSkip(assignment.id);
  const navigate = useNavigate();
  const [isPending, setPending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const run = async (reason: string, needsExpert: boolean): Promise<void> => {
    setProblem(null);
    setPending(true);
    try {
      const [saved] = await Promise.all([queue.flush(), looked.flush(), measured.flush()]);
      if (saved.kind !== 'saved') {
        setProblem(`Not skipped. ${saveSentence(saved)}`);
        return;
      }
      await request.mutateAsync({ reason, needsExpert });
      await navigate({ to: '/worklist', search: { project: assignment.project.id } });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setPending(false);
    }
  };
  return {
    skip: (reason: string, needsExpert: boolean) => void run(reason, needsExpert),
    isPending,
    problem,
  };
}

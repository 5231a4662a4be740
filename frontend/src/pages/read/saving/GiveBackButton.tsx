import { Button, Group, Popover, Text } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useRelease } from '../../../api';
import { readLabel } from '../../words';
import type { OpenedCase } from '../openCase';
import { useHead, useSaveState } from '../useOpenCase';

/** For a case that was opened by mistake, or that somebody else should read: only while nothing was drawn. */
export function GiveBackButton({ opened }: { readonly opened: OpenedCase }) {
  const { assignment, queue } = opened;
  const [isOpen, setOpen] = useState(false);
  const head = useHead(queue);
  const save = useSaveState(queue);
  if (!assignment.editable || assignment.state !== 'open' || head > 0 || save.kind !== 'saved') {
    return null;
  }
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" width={320} trapFocus shadow="md">
      <Popover.Target>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={() => setOpen(!isOpen)}>
          Give back
        </Button>
      </Popover.Target>
      <Popover.Dropdown role="dialog" aria-label="Give this case back">
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
  const { assignment, measured } = opened;
  const { give, isPending, problem } = useGiveBack(opened);
  const count = measured.all.length;
  return (
    <>
      <Text fz="sm" mb="xs">
        Give {readLabel(assignment.alias, assignment.case?.number)} back? You have drawn nothing; it goes to
        whoever takes the next
        {assignment.role === 'review' ? ' review.' : ' case.'}
        {count > 0 && ` What you measured (${count}) goes with it.`}
      </Text>
      {problem !== null && (
        <Text fz="sm" c="var(--needs-you-text)" mb="xs" role="alert">
          {problem}
        </Text>
      )}
      <Group gap="xs">
        <Button size="compact-sm" data-autofocus loading={isPending} onClick={give}>
          Give it back
        </Button>
        <Button size="compact-sm" variant="default" onClick={onClose}>
          Keep it
        </Button>
      </Group>
    </>
  );
}

function useGiveBack({ assignment, looked, measured }: OpenedCase) {
  const release = useRelease(assignment.id);
  const navigate = useNavigate();
  const give = async (): Promise<void> => {
    // Afterwards nothing is taken for this read any more.
    await Promise.all([looked.flush(), measured.flush()]);
    await release.mutateAsync();
    await navigate({ to: '/worklist', search: { project: assignment.project.id } });
  };
  return {
    give: () => void give().catch(() => undefined),
    isPending: release.isPending,
    problem: release.error?.message ?? null,
  };
}

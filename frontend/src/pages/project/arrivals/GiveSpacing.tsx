import { Button, Group, Popover, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { type CaseRow, useGiveSpacing } from '../../../api';
import { caseLabel } from '../../words';
import { NO_SPACING, type SpacingDraft, spacingOf, spacingProblem } from './spacingDraft';

const AXES = ['Left to right', 'Front to back', 'Between slices'] as const;

interface GiveSpacingProps {
  readonly project: number;
  readonly row: CaseRow;
  readonly onDone: () => void;
}

/** A lead says how large the voxels of a case are whose files do not. */
export function GiveSpacing({ project, row, onDone }: GiveSpacingProps) {
  const [isOpen, setOpen] = useState(false);
  const [draft, setDraft] = useState<SpacingDraft>(NO_SPACING);
  const give = useGiveSpacing(project);
  const spacing = spacingOf(draft);
  const problem = spacingProblem(draft) ?? give.error?.message ?? null;
  const done = (): void => {
    setOpen(false);
    onDone();
  };
  return (
    <Popover
      opened={isOpen}
      onChange={setOpen}
      width={360}
      position="bottom"
      trapFocus
      returnFocus
      shadow="md"
    >
      <Popover.Target>
        <Button size="xs" onClick={() => setOpen(!isOpen)}>
          Give spacing…
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (spacing !== null) {
              give.mutate({ id: row.id, spacing }, { onSuccess: done });
            }
          }}
        >
          <Text fz="sm" mb="xs">
            The files of {caseLabel(row.number)} do not say how large a voxel is. Once given, it cannot be
            changed.
          </Text>
          <Group gap="xs" grow align="end">
            {AXES.map((axis, at) => (
              <TextInput
                key={axis}
                size="xs"
                label={`${axis}, mm`}
                inputMode="decimal"
                data-autofocus={at === 0 || undefined}
                value={draft[at] ?? ''}
                onChange={(event) => setDraft(typed(draft, at, event.currentTarget.value))}
              />
            ))}
          </Group>
          {problem !== null && (
            <Text fz="sm" mt="xs" role="alert">
              {problem}
            </Text>
          )}
          <Button type="submit" size="xs" mt="sm" disabled={spacing === null} loading={give.isPending}>
            Give this spacing
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

function typed([i, j, k]: SpacingDraft, at: number, text: string): SpacingDraft {
  return [at === 0 ? text : i, at === 1 ? text : j, at === 2 ? text : k];
}

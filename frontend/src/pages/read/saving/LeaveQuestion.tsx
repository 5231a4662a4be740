import { Button, Group, Modal, Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import type { SaveState } from '../../../session';
import { strokes } from '../../words';

interface LeaveQuestionProps {
  readonly save: SaveState;
  readonly isDurable: boolean;
}

/** Asks before a page with strokes that do not get through is left for another page of the product. */
export function LeaveQuestion({ save, isDurable }: LeaveQuestionProps) {
  const count = 'strokes' in save ? save.strokes : 0;
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: () => count > 0,
    // The browser's own question is asked by the page of the case, also while saving is under way.
    enableBeforeUnload: false,
    withResolver: true,
  });
  return (
    <Modal
      opened={status === 'blocked'}
      onClose={() => reset?.()}
      transitionProps={{ duration: 0 }}
      title={`Leave with ${strokes(count)} not sent?`}
    >
      <Text fz="sm" mb="md">
        {leaveWords(count, isDurable)}
      </Text>
      <Group gap="xs">
        <Button data-autofocus onClick={() => reset?.()}>
          Stay
        </Button>
        <Button variant="default" onClick={() => proceed?.()}>
          Leave
        </Button>
      </Group>
    </Modal>
  );
}

function leaveWords(count: number, isDurable: boolean): string {
  const [they, are] = count === 1 ? ['It', 'is'] : ['They', 'are'];
  return isDurable
    ? `${they} ${are} kept on this computer and will be sent when you open this case here again.`
    : `This browser does not keep strokes: ${they.toLowerCase()} ${are} lost when you leave.`;
}

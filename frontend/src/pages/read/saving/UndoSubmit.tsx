import { Button, Popover, Text } from '@mantine/core';
import { useTakeBack, useUndo } from '../../worklist/useUndo';
import classes from './UndoSubmit.module.css';

/**
 * For who has gone on to the next case: the submit of the last one can still be taken back.
 *
 * In the empty middle of the line below the image: it covers nothing, and nothing moves when it goes.
 */
export function UndoSubmit({ project }: { readonly project: number }) {
  const { read, left } = useUndo(project, false);
  const { takeBack, isPending, problem, forget } = useTakeBack();
  if (read === null && problem === null) {
    return null;
  }
  return (
    <div className={classes.place}>
      <Popover opened={problem !== null} onDismiss={forget} position="top" width={300} shadow="md">
        <Popover.Target>
          <Button
            size="compact-xs"
            variant="default"
            disabled={read === null || isPending}
            title="Go back to the case that you submitted last"
            onClick={() => read !== null && takeBack(read.id)}
          >
            {read === null ? 'Undo submit' : `Undo submit (${left} s)`}
          </Button>
        </Popover.Target>
        <Popover.Dropdown role="alert">
          <Text fz="sm">{problem}</Text>
        </Popover.Dropdown>
      </Popover>
    </div>
  );
}

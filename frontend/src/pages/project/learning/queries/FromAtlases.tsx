import { Button, Group } from '@mantine/core';
import { useAtlases } from '../../../../api';
import classes from './queries.module.css';

/** Before there is a model: labels of accepted cases, registered onto those that wait for a pre-annotation. */
export function FromAtlases({ project }: { readonly project: number }) {
  const atlases = useAtlases(project);
  return (
    <Group gap="sm" className={classes.atlases}>
      <Button
        variant="default"
        size="xs"
        loading={atlases.isPending}
        disabled={atlases.isSuccess}
        onClick={() => atlases.mutate([])}
      >
        Pre-annotate from accepted cases
      </Button>
      <span className={classes.hint} role="status">
        {atlases.isSuccess
          ? 'The cases that wait get their labels one after the other; the overview shows how far it is.'
          : 'Their labels are registered onto every case that waits, until a model serves.'}
      </span>
      {atlases.error !== null && (
        <p className={classes.problem} role="alert">
          {atlases.error.message}
        </p>
      )}
    </Group>
  );
}

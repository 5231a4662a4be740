import { Button } from '@mantine/core';
import { type Project, useAddStructures } from '../../../api';
import { Notice } from '../../shell/Notice';
import classes from './mapping.module.css';
import type { Names } from './useNames';

interface MissingStructuresProps {
  readonly project: Project;
  readonly keys: readonly string[];
  readonly names: Names;
}

/** A project that has structures takes no others by itself. */
export function MissingStructures({ project, keys, names }: MissingStructuresProps) {
  const add = useAddStructures(project.id);
  if (keys.length === 0) {
    return null;
  }
  const said = keys.map(names.of).join(', ');
  return (
    <>
      <Notice tone="needsYou">
        {said} {keys.length === 1 ? 'is' : 'are'} not among the structures of {project.name}, and would be
        left out.
      </Notice>
      {add.error !== null && <p className={classes.problem}>{add.error.message}</p>}
      <Button
        size="compact-sm"
        variant="default"
        mt="xs"
        loading={add.isPending}
        onClick={() => add.mutate(keys.map(names.asked))}
      >
        Add {keys.length === 1 ? 'it' : 'them'} to the project
      </Button>
    </>
  );
}

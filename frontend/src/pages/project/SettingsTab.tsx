import { NativeSelect } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { changeHanging, type Hanging, type Project, refreshProject } from '../../api';
import { LAYOUT_NAMES } from '../read/layout/layouts';
import { Notice } from '../shell/Notice';
import classes from './SettingsTab.module.css';

const LAYOUTS = Object.entries(LAYOUT_NAMES).map(([value, label]) => ({ value, label }));

/** What holds for everybody who reads in this project. */
export function SettingsTab({ project }: { readonly project: Project }) {
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (hanging: Hanging) => changeHanging(project.id, hanging),
    onSuccess: () => refreshProject(client, project.id),
  });
  return (
    <div className={classes.settings}>
      <NativeSelect
        label="Layout in which cases are opened"
        description="Readers can choose another while they work."
        data={LAYOUTS}
        value={change.isPending ? change.variables : project.hanging}
        disabled={change.isPending}
        onChange={(event) => change.mutate(event.currentTarget.value as Hanging)}
      />
      {change.error !== null && <Notice tone="failed">{change.error.message}</Notice>}
    </div>
  );
}

import { Button, Checkbox, Group, Modal, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { type ImportSettings as Settings, useChangeImportSettings, useImportSettings } from '../../../api';
import { Notice } from '../../shell/Notice';
import classes from './imports.module.css';
import { keptWords } from './words';

/** What imports let in and what they keep, from now on. */
export function ImportSettings({ project }: { readonly project: number }) {
  const found = useImportSettings(project);
  if (found.data === undefined) {
    return found.error === null ? null : <Notice tone="failed">{found.error.message}</Notice>;
  }
  return (
    <section className={classes.panel} aria-label="What imports let in and keep">
      <h2>What imports let in and keep</h2>
      <Choices project={project} settings={found.data} />
    </section>
  );
}

interface ChoicesProps {
  readonly project: number;
  readonly settings: Settings;
}

function Choices({ project, settings }: ChoicesProps) {
  const change = useChangeImportSettings(project);
  const [asks, setAsks] = useState(false);
  const keep = (keeps: boolean): void => {
    if (!keeps && settings.sealed > 0) {
      setAsks(true);
    } else {
      change.mutate({ keeps_uids: keeps });
    }
  };
  return (
    <Stack gap="sm">
      {change.error !== null && <Notice tone="failed">{change.error.message}</Notice>}
      <Checkbox
        label="Bring series with gaps between their slices onto an even grid"
        description="Holds where an import does not say otherwise. Without it such series are refused."
        checked={settings.resamples_gaps}
        disabled={change.isPending}
        onChange={(event) => change.mutate({ resamples_gaps: event.currentTarget.checked })}
      />
      <Checkbox
        label="Keep the original UIDs of DICOM series, so that drawings can go back to the hospital"
        description={keptWords(settings)}
        checked={settings.keeps_uids}
        disabled={change.isPending}
        onChange={(event) => keep(event.currentTarget.checked)}
      />
      <Modal opened={asks} onClose={() => setAsks(false)} title="Erase the original UIDs?" centered>
        <Text fz="sm">
          Those of {settings.sealed} {settings.sealed === 1 ? 'scan' : 'scans'} go for good. Drawings on them
          can then no longer name the hospital’s series, unless the scans are imported again.
        </Text>
        <Group mt="md" justify="flex-end">
          <Button variant="default" onClick={() => setAsks(false)}>
            Keep them
          </Button>
          <Button
            color="red"
            onClick={() => {
              setAsks(false);
              change.mutate({ keeps_uids: false });
            }}
          >
            Erase them
          </Button>
        </Group>
      </Modal>
    </Stack>
  );
}

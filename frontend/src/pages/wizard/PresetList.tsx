import { Anchor, Button, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { type Preset, usePresets } from '../../api';
import { Notice } from '../shell/Notice';
import classes from './Wizard.module.css';

interface PresetListProps {
  /** The one whose values are kept, or ''. */
  readonly chosen: string;
  readonly onTake: (preset: Preset) => void;
}

/** Sets that are in use elsewhere, numbered as there, each with its source. */
export function PresetList({ chosen, onTake }: PresetListProps) {
  const presets = usePresets();
  const [shown, setShown] = useState('');
  const preset = presets.data?.find(({ key }) => key === (shown === '' ? chosen : shown));
  const choices = (presets.data ?? []).map(({ key, name, structures }) => ({
    value: key,
    label: `${name} (${structures.length})`,
  }));
  return (
    <section className={classes.presets} aria-label="Presets">
      <div className={classes.take}>
        <NativeSelect
          className={classes.grow}
          label="Begin with a preset"
          data={[{ value: '', label: 'none' }, ...choices]}
          value={preset?.key ?? ''}
          onChange={(event) => setShown(event.currentTarget.value)}
        />
        <Button
          variant={preset === undefined ? 'default' : 'filled'}
          disabled={preset === undefined}
          onClick={() => preset !== undefined && onTake(preset)}
        >
          {preset === undefined ? 'Take it' : `Take all ${preset.structures.length}`}
        </Button>
      </div>
      {presets.error !== null && <Notice tone="failed">{presets.error.message}</Notice>}
      <p className={classes.source}>
        {preset !== undefined && (
          <>
            {preset.about} Source:{' '}
            <Anchor href={preset.url} target="_blank" rel="noreferrer" inherit>
              {preset.source}
            </Anchor>
          </>
        )}
      </p>
    </section>
  );
}

import { NativeSelect } from '@mantine/core';
import { useState } from 'react';
import type { Structure } from '../../../../api';
import type { IslandsParams, LogicalParams } from '../../../../voxels';
import { useRead } from '../../readStore';
import { Line, Measure, Select } from './controls';
import classes from './controls.module.css';
import { leastIsland } from './leastIsland';
import { logicalChoices } from './logicalChoices';
import { OperationBar } from './OperationBar';
import { type IslandsAction, setSettings, useSettings } from './settings';
import { emptyBeside, NO_ACTIVE, refOf } from './targets';
import { useCrosshair } from './useCrosshair';

const ACTIONS: Readonly<Record<IslandsAction, string>> = {
  keep_largest: 'Keep the largest',
  remove_small: 'Remove small ones',
  keep_at: 'Keep the clicked part',
  remove_at: 'Remove the clicked part',
  split: 'Split to empty structures',
};

export function IslandsPanel() {
  const { islands } = useSettings();
  const params = useIslandsParams();
  return (
    <>
      <Select
        label="Do"
        choices={ACTIONS}
        value={islands}
        onChange={(value) => setSettings({ islands: value })}
      />
      {islands === 'remove_small' && <LeastIsland />}
      {(islands === 'keep_at' || islands === 'remove_at') && (
        <p className={classes.hint}>Click the part in the image.</p>
      )}
      <OperationBar name="islands" params={params} />
    </>
  );
}

function LeastIsland() {
  const { islandsLeast_ml, islandsLeast_voxels } = useSettings();
  const isMeasured = useRead((state) => state.isMeasured);
  return isMeasured ? (
    <Measure
      label="Below"
      unit="mL"
      min={0.1}
      max={20}
      step={0.1}
      value={islandsLeast_ml}
      onChange={(ml) => setSettings({ islandsLeast_ml: ml })}
    />
  ) : (
    <Measure
      label="Below"
      unit="voxels"
      min={10}
      max={20000}
      step={10}
      value={islandsLeast_voxels}
      onChange={(voxels) => setSettings({ islandsLeast_voxels: voxels })}
    />
  );
}

function useIslandsParams(): IslandsParams | string {
  const active = useRead((state) => state.active);
  const isMeasured = useRead((state) => state.isMeasured);
  const settings = useSettings();
  const { islands } = settings;
  const at = useCrosshair();
  if (active === null) {
    return NO_ACTIVE;
  }
  const target = refOf(active);
  switch (islands) {
    case 'remove_small':
      return { target, action: islands, ...leastIsland(settings, isMeasured) };
    case 'split': {
      const into = emptyBeside(active, useRead.getState()).map(refOf);
      return into.length === 0
        ? 'Every other structure of this layer is drawn already: there is none to split to.'
        : { target, action: islands, into };
    }
    case 'keep_largest':
      return { target, action: islands };
    default:
      return at === null ? 'The image is not there yet.' : { target, action: islands, at };
  }
}

export function LogicalPanel() {
  const active = useRead((state) => state.active);
  const structures = useRead((state) => state.structures);
  const wanted = useSettings((state) => state.logical);
  const { action, choices, others } = logicalChoices(wanted, active, structures);
  const [chosen, setChosen] = useState<string | null>(null);
  const other = others.find(({ key }) => key === chosen) ?? others[0];
  const needsOther = action !== 'invert' && action !== 'clear';
  return (
    <>
      <Select
        label="Do"
        choices={choices}
        value={action}
        onChange={(value) => setSettings({ logical: value })}
      />
      {needsOther && <StructureSelect label="Other" structures={others} value={other} onChange={setChosen} />}
      <OperationBar name="logical" params={logicalParams(active, action, needsOther ? other : null)} />
    </>
  );
}

function logicalParams(
  active: Structure | null,
  action: LogicalParams['action'],
  other: Structure | null | undefined,
): LogicalParams | string {
  if (active === null) {
    return NO_ACTIVE;
  }
  if (other === undefined) {
    return 'This project has no other structure.';
  }
  return { target: refOf(active), action, other: other && refOf(other) };
}

interface StructureSelectProps {
  readonly label: string;
  readonly structures: readonly Structure[];
  readonly value: Structure | undefined;
  readonly onChange: (key: string) => void;
}

export function StructureSelect({ label, structures, value, onChange }: StructureSelectProps) {
  return (
    <Line label={label}>
      <NativeSelect
        className={classes.choice ?? ''}
        size="xs"
        aria-label={label}
        data={structures.map(({ key, name }) => ({ value: key, label: name }))}
        value={value?.key ?? ''}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    </Line>
  );
}

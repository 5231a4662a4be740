import { Button, Switch } from '@mantine/core';
import { useState } from 'react';
import type { Structure } from '../../../../api';
import type { Ijk } from '../../../../voxels';
import { useRead } from '../../readStore';
import { BrushPanel } from './BrushPanel';
import { Choice } from './controls';
import classes from './controls.module.css';
import { OperationBar } from './OperationBar';
import { StructureSelect } from './PartPanels';
import { copySlice } from './slices';
import { NO_ACTIVE, otherSide, refOf } from './targets';
import { useCrosshair } from './useCrosshair';
import { useOperationState } from './useOperation';

export function PastePanel() {
  const active = useRead((state) => state.active);
  const operation = useOperationState();
  const failed = operation.kind === 'failed' && operation.name === 'paste_slice' ? operation.sentence : null;
  return (
    <>
      <BrushPanel />
      <div className={classes.pair}>
        <Button size="compact-sm" variant="default" disabled={active === null} onClick={() => copySlice(-1)}>
          Slice before
        </Button>
        <Button size="compact-sm" variant="default" disabled={active === null} onClick={() => copySlice(1)}>
          Slice after
        </Button>
      </div>
      {failed !== null && (
        <p className={classes.problem} role="alert">
          {failed}
        </p>
      )}
    </>
  );
}

type What = 'island' | 'sides';

export function RelabelPanel() {
  const [what, setWhat] = useState<What>('island');
  return (
    <>
      <Choice
        label="Move"
        choices={{ island: 'A part', sides: 'Left ↔ right' }}
        value={what}
        onChange={setWhat}
      />
      {what === 'island' ? <IslandPart /> : <SidesPart />}
    </>
  );
}

/** The part at the crosshair goes to the active structure; where the two may overlap, it can stay as well. */
function IslandPart() {
  const active = useRead((state) => state.active);
  const structures = useRead((state) => state.structures);
  const at = useCrosshair();
  const from = useStructureAt(at);
  const [keeps, setKeeps] = useState(false);
  const overlaps = from !== null && active !== null && from.layer !== active.layer;
  const name = structures.find(({ layer, value }) => layer === from?.layer && value === from.value)?.name;
  const params =
    active === null || at === null
      ? NO_ACTIVE
      : from === null
        ? 'Click a part in the image that belongs to another structure.'
        : { at, from, to: refOf(active), keeps: keeps && overlaps };
  return (
    <>
      {name !== undefined && active !== null && (
        <p className={classes.hint}>
          {keeps && overlaps
            ? `The part of ${name} at the crosshair becomes ${active.name} as well.`
            : `The part of ${name} at the crosshair becomes ${active.name}.`}
        </p>
      )}
      {overlaps && (
        <Switch
          size="xs"
          label={`Copy: it stays ${name ?? 'what it is'} too`}
          checked={keeps}
          onChange={(event) => setKeeps(event.currentTarget.checked)}
        />
      )}
      <OperationBar name="relabel" params={params} />
    </>
  );
}

function useStructureAt(at: Ijk | null) {
  const tools = useRead((state) => state.port?.tools);
  const drawn = useRead((state) => state.drawn);
  return at === null || drawn < 0 ? null : (tools?.structureAt(at) ?? null);
}

/** Exchanges two structures as a whole: the active one and, unless chosen otherwise, its other side. */
function SidesPart() {
  const active = useRead((state) => state.active);
  const structures = useRead((state) => state.structures);
  const [chosen, setChosen] = useState<string | null>(null);
  const others = structures.filter(({ key }) => key !== active?.key);
  const other =
    others.find(({ key }) => key === chosen) ?? (active && otherSide(active, structures)) ?? others[0];
  return (
    <>
      <StructureSelect label="With" structures={others} value={other} onChange={setChosen} />
      <OperationBar name="swap_sides" params={sidesParams(active, other)} />
    </>
  );
}

function sidesParams(active: Structure | null, other: Structure | undefined) {
  if (active === null || other === undefined) {
    return NO_ACTIVE;
  }
  const [left, right] = active.side === 'right' ? [other, active] : [active, other];
  return { left: refOf(left), right: refOf(right), at: null };
}

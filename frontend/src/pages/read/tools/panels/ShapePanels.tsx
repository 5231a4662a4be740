import type { ScissorsOptions } from '../../../../viewer';
import { useRead } from '../../readStore';
import { useLengthUnit } from '../../sizes';
import { Choice, Measure } from './controls';

const REACHES = { slice: 'This slice', some: '± slices', all: 'All' } as const;
const SOME_SLICES = 3;

export function ScissorsPanel() {
  const scissors = useRead((state) => state.options.scissors);
  const setOptions = useRead((state) => state.setOptions);
  const change = (part: Partial<ScissorsOptions>): void => setOptions({ scissors: { ...scissors, ...part } });
  const { form, inside, action, reach } = scissors;
  return (
    <>
      <Choice
        label="Shape"
        choices={{ freehand: 'Free', rectangle: 'Box', circle: 'Circle' }}
        value={form}
        onChange={(value) => change({ form: value })}
      />
      <Choice
        label="Do"
        choices={{ erase: 'Erase', fill: 'Fill' }}
        value={action}
        onChange={(value) => change({ action: value })}
      />
      <Choice
        label="Where"
        choices={{ inside: 'Inside', outside: 'Outside' }}
        value={inside ? 'inside' : 'outside'}
        onChange={(value) => change({ inside: value === 'inside' })}
      />
      <Choice
        label="Through"
        choices={REACHES}
        value={typeof reach === 'string' ? reach : 'some'}
        onChange={(value) => change({ reach: value === 'some' ? { slices: SOME_SLICES } : value })}
      />
      {typeof reach !== 'string' && (
        <Measure
          label="Slices ±"
          unit=""
          min={1}
          max={50}
          step={1}
          value={reach.slices}
          onChange={(slices) => change({ reach: { slices } })}
        />
      )}
    </>
  );
}

export function FloodPanel() {
  const unit = useLengthUnit();
  const flood = useRead((state) => state.options.flood);
  const setOptions = useRead((state) => state.setOptions);
  return (
    <>
      <Choice
        label="Fill"
        choices={{ flat: '2-D', volume: '3-D' }}
        value={flood.threeD ? 'volume' : 'flat'}
        onChange={(value) => setOptions({ flood: { ...flood, threeD: value === 'volume' } })}
      />
      <Measure
        label="Range ±"
        unit="HU"
        min={1}
        max={300}
        step={1}
        value={flood.tolerance_hu}
        onChange={(tolerance_hu) => setOptions({ flood: { ...flood, tolerance_hu } })}
      />
      <Measure
        label="Within"
        unit={unit}
        min={5}
        max={300}
        step={5}
        value={flood.max_mm}
        onChange={(max_mm) => setOptions({ flood: { ...flood, max_mm } })}
      />
    </>
  );
}

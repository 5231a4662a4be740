import { UnstyledButton } from '@mantine/core';
import { IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import { useShownKey } from '../keys/keyStore';
import { FASTEST, SLOWEST, setRate, toggleCine, useCine } from '../layout/cine';
import { Measure } from './panels/controls';
import classes from './ToolOptions.module.css';

/** Playing the slices of a plane; anything else that the reader does stops it. */
export function Motion() {
  const { playing, perSecond } = useCine();
  const key = useShownKey('slice.cine');
  const Icon = playing === null ? IconPlayerPlay : IconPlayerStop;
  return (
    <div className={classes.cine} data-cine>
      <UnstyledButton
        className={classes.play}
        aria-label="Cine"
        aria-pressed={playing !== null}
        title={`Play the slices${key === '' ? '' : ` (${key})`}; anything else you do stops it`}
        onMouseDown={(event) => event.preventDefault()}
        onClick={toggleCine}
      >
        <Icon size={14} aria-hidden />
      </UnstyledButton>
      <Measure
        label="Cine"
        unit="/s"
        min={SLOWEST}
        max={FASTEST}
        step={1}
        value={perSecond}
        onChange={setRate}
      />
    </div>
  );
}

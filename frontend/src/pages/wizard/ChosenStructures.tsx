import { Button, CloseButton } from '@mantine/core';
import { type Place, useLayout } from '../../api';
import { Notice } from '../shell/Notice';
import classes from './Wizard.module.css';

interface ChosenStructuresProps {
  readonly structures: readonly string[];
  readonly preset: string;
  readonly onRemove: (key: string) => void;
  readonly onClear: () => void;
}

/** Layer by layer, with the value that stands for each structure in the masks. */
export function ChosenStructures({ structures, preset, onRemove, onClear }: ChosenStructuresProps) {
  const layout = useLayout(structures, preset);
  const places = structures.length === 0 ? [] : (layout.data ?? []);
  const layers = [...new Set(places.map(({ layer }) => layer))].sort((a, b) => a - b);
  return (
    <section className={classes.chosen} aria-label="Chosen structures">
      <div className={classes.head}>
        <h2 className={classes.subtitle}>Chosen: {structures.length}</h2>
        {structures.length > 0 && (
          <Button size="compact-xs" variant="default" onClick={onClear}>
            Remove all
          </Button>
        )}
      </div>
      {layout.error !== null && <Notice tone="failed">{layout.error.message}</Notice>}
      {structures.length === 0 && (
        <p className={classes.quiet}>Take a preset, or tick structures in the catalogue.</p>
      )}
      {layers.map((layer) => (
        <Layer
          key={layer}
          layer={layer}
          isOnly={layers.length === 1}
          places={places.filter((place) => place.layer === layer)}
          structures={structures}
          onRemove={onRemove}
        />
      ))}
    </section>
  );
}

interface LayerProps {
  readonly layer: number;
  readonly isOnly: boolean;
  readonly places: readonly Place[];
  readonly structures: readonly string[];
  readonly onRemove: (key: string) => void;
}

function Layer({ layer, isOnly, places, structures, onRemove }: LayerProps) {
  return (
    <>
      {!isOnly && (
        <h3 className={classes.layer}>
          Layer {layer + 1}
          <span className={classes.quiet}>
            {layer === 0
              ? ' structures of one layer exclude each other'
              : ' each shares voxels with one of a layer above'}
          </span>
        </h3>
      )}
      <ul className={classes.places}>
        {places.map((place) => (
          <li key={place.key} className={classes.place}>
            <span className={classes.value}>{place.value}</span>
            <span>
              {place.name}
              {place.because !== '' && <span className={classes.because}>{place.because}</span>}
            </span>
            <CloseButton
              size="xs"
              aria-label={`Remove ${place.name}`}
              // What was added by its name is known by that until the project is made.
              onClick={() => onRemove(structures.includes(place.key) ? place.key : place.name)}
            />
          </li>
        ))}
      </ul>
    </>
  );
}

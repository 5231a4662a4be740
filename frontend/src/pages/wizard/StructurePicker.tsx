import { CatalogueList } from './CatalogueList';
import { ChosenStructures } from './ChosenStructures';
import { type Draft, withoutStructure, withPreset, withStructure } from './draft';
import { PresetList } from './PresetList';
import classes from './Wizard.module.css';

interface StructurePickerProps {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
}

/** Presets and the catalogue on the left; what is chosen, with its layers and values, on the right. */
export function StructurePicker({ draft, onChange }: StructurePickerProps) {
  return (
    <div className={classes.picker}>
      <div>
        <PresetList chosen={draft.preset} onTake={(preset) => onChange(withPreset(draft, preset))} />
        <CatalogueList
          chosen={draft.structures}
          onAdd={(key) => onChange(withStructure(draft, key))}
          onRemove={(key) => onChange(withoutStructure(draft, key))}
        />
      </div>
      <ChosenStructures
        structures={draft.structures}
        preset={draft.preset}
        onRemove={(key) => onChange(withoutStructure(draft, key))}
        onClear={() => onChange({ ...draft, structures: [], preset: '' })}
      />
    </div>
  );
}

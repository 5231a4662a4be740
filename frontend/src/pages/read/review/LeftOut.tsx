import { Checkbox, UnstyledButton } from '@mantine/core';
import type { Assignment, Structure } from '../../../api';
import { useRead } from '../readStore';
import { useSizeWords } from '../sizes';
import { goToStructure } from '../structures/goTo';
import { useCompleted } from './completedStore';
import classes from './LeftOut.module.css';

/** What the reader did not look at. Absent is not the same: only who has looked can tell. */
export function LeftOut({ assignment }: { readonly assignment: Assignment }) {
  const { structures, not_looked_at, editable } = assignment;
  const leftOut = structures.filter(({ key }) => not_looked_at.includes(key));
  const problem = useCompleted((state) => state.problem);
  if (leftOut.length === 0) {
    return null;
  }
  return (
    <section className={classes.section} aria-label="Not looked at by the reader">
      <h2 className={classes.title}>Not looked at by the reader</h2>
      <ul className={classes.list}>
        {leftOut.map((structure) => (
          <li key={structure.key}>
            <Row structure={structure} editable={editable} />
          </li>
        ))}
      </ul>
      {problem !== null && (
        <p className={classes.problem} role="alert">
          {problem}
        </p>
      )}
      <p className={classes.note}>
        Tick what you completed (Shift-Y): drawn to its end, or looked for and absent. Once accepted it counts
        as annotated; the rest stays unknown, and no model learns from it.
      </p>
    </section>
  );
}

function Row({ structure, editable }: { readonly structure: Structure; readonly editable: boolean }) {
  const { key, name, colour } = structure;
  const isCompleted = useCompleted((state) => state.keys.has(key));
  const toggle = useCompleted((state) => state.toggle);
  const activate = useRead((state) => state.activate);
  return (
    <div className={classes.row}>
      <UnstyledButton
        className={classes.go}
        title="Make it the active structure and go there"
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => {
          activate(structure);
          goToStructure(structure);
        }}
      >
        <span className={classes.dot} style={{ background: colour }} />
        <span className={classes.name}>{name}</span>
        <span className={classes.volume}>{useVolumeWords(structure)}</span>
      </UnstyledButton>
      <Checkbox
        size="xs"
        label="completed"
        aria-label={`${name} is completed`}
        disabled={!editable}
        checked={isCompleted}
        onChange={() => toggle(key)}
      />
    </div>
  );
}

/** Read anew with every stroke. */
function useVolumeWords({ layer, value }: Structure): string {
  useRead((state) => state.drawn);
  const voxels = useRead((state) => state.port)?.engine.voxelCount(layer, value) ?? 0;
  const voxel_ml = useRead((state) => state.voxel_ml) ?? 0;
  const sizeOf = useSizeWords();
  return voxels === 0 ? 'nothing drawn' : sizeOf(voxels * voxel_ml);
}

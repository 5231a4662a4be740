import { useRead } from '../../readStore';
import { goToStructure } from '../../structures/goTo';
import { nextUnfinished } from '../../structures/groups';
import { progressOf } from '../../structures/progress';
import { focusSearch } from '../../structures/searchField';
import type { Action } from './action';

const { getState: read } = useRead;

const BY_PLACE: readonly Action[] = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(
  (place): Action => ({
    id: `structure.${place}`,
    group: 'Structures',
    words: `Structure ${place} of the list`,
    key: String(place),
    press: () => read().activate(read().structures[place - 1]),
  }),
);

export const STRUCTURE_ACTIONS: readonly Action[] = [
  {
    id: 'structure.previous',
    group: 'Structures',
    words: 'Previous structure',
    key: 'q',
    repeats: true,
    press: () => read().step(-1),
  },
  {
    id: 'structure.next',
    group: 'Structures',
    words: 'Next structure',
    key: 'a',
    repeats: true,
    press: () => read().step(1),
  },
  ...BY_PLACE,
  {
    id: 'structure.unfinished',
    group: 'Structures',
    words: 'Next unfinished structure',
    key: 'shift+u',
    press: activateUnfinished,
  },
  {
    id: 'structure.go_to',
    group: 'Structures',
    words: 'Go to the middle of the active structure',
    key: 'shift+g',
    press: () => goToStructure(read().active),
  },
  {
    id: 'structure.solo',
    group: 'Structures',
    words: 'Show only the active structure',
    key: 'shift+q',
    press: () => withActive((key) => read().toggleSolo(key)),
  },
  {
    id: 'structure.hide',
    group: 'Structures',
    words: 'Hide or show the active structure',
    key: 'shift+a',
    press: () => withActive((key) => read().toggleHidden(key)),
  },
  {
    id: 'structure.lock',
    group: 'Structures',
    words: 'Lock or unlock the active structure',
    key: 'shift+k',
    press: () => withActive((key) => read().toggleLocked(key)),
  },
  {
    id: 'structure.drawing',
    group: 'Structures',
    words: 'Active structure: fill and outline, outline, fill',
    key: 'shift+f',
    press: () => withActive((key) => read().stepDrawing(key)),
  },
  {
    id: 'structure.hide_all',
    group: 'Structures',
    words: 'Hide or show all structures',
    key: 'shift+x',
    press: () => read().toggleAllHidden(),
  },
  {
    id: 'structure.search',
    group: 'Structures',
    words: 'Search structures',
    key: '/',
    press: focusSearch,
  },
];

function withActive(act: (key: string) => void): void {
  const { active } = read();
  if (active !== null) {
    act(active.key);
  }
}

function activateUnfinished(): void {
  const { structures, active, port, activate } = read();
  if (port === null) {
    return;
  }
  activate(nextUnfinished(structures, active, progressOf(port)));
}

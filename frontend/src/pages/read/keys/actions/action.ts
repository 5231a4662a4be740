/** What one key does. */

export const ACTION_GROUPS = [
  'Tools',
  'Brush',
  'Paint where',
  'Structures',
  'Slices',
  'View',
  'Guidance',
  'Panels',
  'Finish',
] as const;

export type ActionGroup = (typeof ACTION_GROUPS)[number];

export interface Action {
  /** Kept in the reader's preferences: never renamed. */
  readonly id: string;
  readonly group: ActionGroup;
  readonly words: string;
  /** A chord such as `shift+z`. */
  readonly key: string;
  /** Further chords that always do the same, and are not set by the reader. */
  readonly also?: readonly string[];
  readonly press: () => void;
  /** For keys that work while they are held. */
  readonly release?: () => void;
  /** Holding the key down does it again and again. */
  readonly repeats?: boolean;
  readonly onlyIn?: 'review' | 'annotate' | 'adjudicate';
}

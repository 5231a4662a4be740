import type { GuidelineListed, Structure } from '../../api';

const MOST_NAMED = 4;

/** `All structures, Liver and 3 more`: what a version changed, in the order of the schema. */
export function changedWords(
  { text_changed, structures }: Pick<GuidelineListed, 'text_changed' | 'structures'>,
  known: readonly Pick<Structure, 'key' | 'name'>[],
): string {
  const names = [...(text_changed ? ['All structures'] : []), ...namesOf(structures, known)];
  if (names.length === 0) {
    return 'Nothing changed';
  }
  const named = names.length > MOST_NAMED + 1 ? names.slice(0, MOST_NAMED) : names;
  const rest = names.length - named.length;
  return named.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

/** A structure that has left the schema keeps its key for a name. */
export function namesOf(
  keys: readonly string[],
  known: readonly Pick<Structure, 'key' | 'name'>[],
): readonly string[] {
  const inSchema = known.filter(({ key }) => keys.includes(key)).map(({ name }) => name);
  const gone = keys.filter((key) => known.every((structure) => structure.key !== key));
  return [...inSchema, ...gone];
}

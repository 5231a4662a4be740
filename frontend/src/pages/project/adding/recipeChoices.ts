import type { SavedRecipe, ShippedRecipe } from '../../../api';

/** No data set is recognised. */
export const BY_NAMES = 'none';

/** What an import may be told about labels, in groups. */
export function recipeChoices(shipped: readonly ShippedRecipe[], saved: readonly SavedRecipe[]) {
  const own = saved.filter((recipe) => recipe.own);
  const shared = saved.filter((recipe) => !recipe.own);
  const item = ({ id, name }: SavedRecipe) => ({ value: String(id), label: name });
  return [
    {
      group: 'Without a recipe',
      items: [
        { value: '', label: 'Recognise the data set' },
        { value: BY_NAMES, label: 'By the names of labels' },
      ],
    },
    { group: 'Saved in this project', items: own.map(item) },
    { group: 'Shared by other projects', items: shared.map(item) },
    {
      group: 'Public data sets',
      // Only CT comes in.
      items: shipped.map(({ key, title, disabled, modality }) => ({
        value: key,
        label: title,
        disabled: disabled !== '' || !modality.includes('CT'),
      })),
    },
  ].filter(({ items }) => items.length > 0);
}

/** `CC BY-NC 4.0, not for commercial use. Cite: …` */
export function licenceWords({
  licence,
  licence_read: isRead,
  non_commercial,
  citation,
}: ShippedRecipe): string {
  const known = licence === '' ? 'The licence is not known: ask whoever published it' : `Licence ${licence}`;
  const terms = non_commercial ? ', not for commercial use' : '';
  const doubt = licence !== '' && !isRead ? ' (as far as known; check it before use)' : '';
  const cite = citation === '' ? '' : ` Cite: ${citation}`;
  return `${known}${terms}${doubt}.${cite}`;
}

import { Select } from '@mantine/core';
import { useSavedRecipes } from '../../../api';
import type { RecipeDraft } from './recipeDraft';
import { withRecipe } from './savedRecipe';

interface BeginFromSavedProps {
  readonly project: number;
  readonly draft: RecipeDraft;
  readonly onChange: (draft: RecipeDraft) => void;
}

/** Labels, rules and layers as somebody confirmed them before; they can be changed, and saved as another recipe. */
export function BeginFromSaved({ project, draft, onChange }: BeginFromSavedProps) {
  const saved = useSavedRecipes(project).data ?? [];
  if (saved.length === 0) {
    return null;
  }
  const take = (id: string | null): void => {
    const recipe = saved.find((one) => String(one.id) === id);
    if (recipe !== undefined) {
      onChange(withRecipe(draft, recipe.content));
    }
  };
  return (
    <Select
      label="Begin from a saved recipe"
      description="It replaces what was decided about the labels that it names, and the rules."
      placeholder="none"
      searchable
      maw={440}
      my="sm"
      data={saved.map(({ id, name }) => ({ value: String(id), label: name }))}
      value={null}
      onChange={take}
    />
  );
}

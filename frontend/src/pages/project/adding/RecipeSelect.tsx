import { Select, Text } from '@mantine/core';
import { type SavedRecipe, type ShippedRecipe, useSavedRecipes, useShippedRecipes } from '../../../api';
import { BY_NAMES, licenceWords, recipeChoices } from './recipeChoices';

interface RecipeSelectProps {
  readonly project: number;
  /** '' = recognised by itself. */
  readonly value: string;
  readonly onChange: (recipe: string) => void;
}

/** By what labels are read, with what its data set asks of whoever uses it. */
export function RecipeSelect({ project, value, onChange }: RecipeSelectProps) {
  const shipped = useShippedRecipes();
  const saved = useSavedRecipes(project);
  const problem = shipped.error ?? saved.error;
  return (
    <>
      <Select
        label="How labels are read"
        searchable
        allowDeselect={false}
        data={recipeChoices(shipped.data ?? [], saved.data ?? [])}
        value={value}
        onChange={(recipe) => onChange(recipe ?? '')}
        error={problem?.message ?? null}
      />
      <Text fz="xs" c="dimmed">
        {wordsOf(value, shipped.data ?? [], saved.data ?? [])}
      </Text>
    </>
  );
}

function wordsOf(value: string, shipped: readonly ShippedRecipe[], saved: readonly SavedRecipe[]): string {
  const recipe = shipped.find(({ key }) => key === value);
  if (recipe !== undefined) {
    return licenceWords(recipe);
  }
  const own = saved.find(({ id }) => String(id) === value);
  if (own !== undefined) {
    return `Saved by ${own.created_by}${own.own ? '' : ' in another project'}.`;
  }
  return value === BY_NAMES
    ? 'Every label by its own name, whatever data set the files may be.'
    : 'A public data set by how its files lie; otherwise every label by its own name.';
}

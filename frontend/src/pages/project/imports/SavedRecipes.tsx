import { Button, Table } from '@mantine/core';
import { type SavedRecipe, useDeleteRecipe, useSavedRecipes } from '../../../api';
import { Notice } from '../../shell/Notice';
import { when } from '../../words';
import classes from './imports.module.css';

/** Recipes that leads confirmed; those of other projects stay theirs. */
export function SavedRecipes({ project }: { readonly project: number }) {
  const saved = useSavedRecipes(project);
  const remove = useDeleteRecipe(project);
  if (saved.data === undefined) {
    return saved.error === null ? null : <Notice tone="failed">{saved.error.message}</Notice>;
  }
  return (
    <section className={classes.panel} aria-label="Saved recipes">
      <h2>Saved recipes</h2>
      {remove.error !== null && <Notice tone="failed">{remove.error.message}</Notice>}
      {saved.data.length === 0 ? (
        <p className={classes.quiet}>None yet: look at labels first, say what they stand for, and save it.</p>
      ) : (
        <div className={classes.table}>
          <Table verticalSpacing={6} aria-label="Recipes">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Recipe</Table.Th>
                <Table.Th>Saved by</Table.Th>
                <Table.Th>Who may use it</Table.Th>
                <Table.Th>Changed</Table.Th>
                <Table.Th />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {saved.data.map((recipe) => (
                <Row
                  key={recipe.id}
                  recipe={recipe}
                  isGoing={remove.isPending && remove.variables === recipe.id}
                  onRemove={() => remove.mutate(recipe.id)}
                />
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
    </section>
  );
}

interface RowProps {
  readonly recipe: SavedRecipe;
  readonly isGoing: boolean;
  readonly onRemove: () => void;
}

function Row({ recipe: { name, own, shared, created_by: by, updated_at: at }, isGoing, onRemove }: RowProps) {
  return (
    <Table.Tr>
      <Table.Td>{name}</Table.Td>
      <Table.Td>{by}</Table.Td>
      <Table.Td>{usersWords(own, shared)}</Table.Td>
      <Table.Td className={classes.number}>{when(at)}</Table.Td>
      <Table.Td ta="right">
        {own && (
          <Button
            size="compact-xs"
            variant="subtle"
            aria-label={`Delete the recipe ${name}`}
            loading={isGoing}
            onClick={onRemove}
          >
            Delete
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function usersWords(own: boolean, shared: boolean): string {
  if (!own) {
    return 'shared by another project';
  }
  return shared ? 'leads of all projects' : 'leads of this project';
}

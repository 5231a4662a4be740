import { useMemo } from 'react';
import { structurePlace, useFound } from '../../../api';

/** How structures are called: those of the catalogue, and those that this recipe adds. */
export interface Names {
  readonly keys: readonly string[];
  readonly of: (key: string) => string;
  /** Everything that somebody may type for it. */
  readonly spellings: (key: string) => string;
  readonly isName: (typed: string) => boolean;
  /** As the server is asked for it: a new structure gets its name. */
  readonly asked: (key: string) => string;
  /** The key of a new structure; of what the catalogue knows under another spelling, the one it has there. */
  readonly add: (name: string) => Promise<string>;
}

export function useNames(
  added: Readonly<Record<string, string>>,
  onAdd: (key: string, name: string) => void,
): Names {
  const found = useFound('', '', '').data?.results;
  return useMemo(() => {
    const rows = new Map((found ?? []).map((row) => [row.key, row]));
    const keys = [...rows.keys(), ...Object.keys(added).filter((key) => !rows.has(key))];
    const of = (key: string): string => rows.get(key)?.name ?? added[key] ?? key.replaceAll('_', ' ');
    return {
      keys,
      of,
      spellings: (key) => [key, ...(rows.get(key)?.synonyms ?? [])].join(' '),
      asked: (key) => (rows.has(key) ? key : (added[key] ?? key)),
      isName: (typed) => keys.some((key) => of(key).toLowerCase() === typed.toLowerCase()),
      add: async (name) => {
        const { key, name: called } = await structurePlace(name);
        onAdd(key, called);
        return key;
      },
    };
  }, [found, added, onAdd]);
}

import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { type CatalogueRow, useFound } from '../../api';
import { Notice } from '../shell/Notice';
import classes from './Wizard.module.css';

const SIDES = [
  { value: '', label: 'any side' },
  { value: 'left', label: 'left' },
  { value: 'right', label: 'right' },
  { value: 'none', label: 'no side' },
];
const TYPING_MS = 150;

interface CatalogueListProps {
  readonly chosen: readonly string[];
  readonly onAdd: (key: string) => void;
  readonly onRemove: (key: string) => void;
  /** Keys that are there already and stay. */
  readonly fixed?: readonly string[];
}

/** The catalogue by name, other spelling, region and side; what it lacks can be added by its name. */
export function CatalogueList({ chosen, onAdd, onRemove, fixed = [] }: CatalogueListProps) {
  const [search, setSearch] = useState('');
  const [region, setRegion] = useState('');
  const [side, setSide] = useState('');
  const [words] = useDebouncedValue(search.trim(), TYPING_MS);
  const found = useFound(words, region, side);
  const regions = (found.data?.regions ?? []).map(({ key, name }) => ({ value: key, label: name }));
  return (
    <section aria-label="Catalogue">
      <div className={classes.search}>
        <TextInput
          className={classes.grow}
          label="Search the catalogue"
          placeholder="kidney left, postcava, rib 7"
          leftSection={<IconSearch size={14} aria-hidden />}
          value={search}
          maxLength={100}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <NativeSelect
          label="Region"
          data={[{ value: '', label: 'all regions' }, ...regions]}
          value={region}
          onChange={(event) => setRegion(event.currentTarget.value)}
        />
        <NativeSelect
          label="Side"
          data={SIDES}
          value={side}
          onChange={(event) => setSide(event.currentTarget.value)}
        />
      </div>
      {found.error !== null && <Notice tone="failed">{found.error.message}</Notice>}
      <ul
        className={classes.list}
        aria-label="Structures found"
        data-stale={found.isPlaceholderData || undefined}
      >
        {found.data?.results.map((row) => (
          <Row
            key={row.key}
            row={row}
            isChosen={chosen.includes(row.key) || fixed.includes(row.key)}
            isFixed={fixed.includes(row.key)}
            onToggle={(isOn) => (isOn ? onAdd(row.key) : onRemove(row.key))}
          />
        ))}
        {found.data?.results.length === 0 && (
          <li className={classes.none}>The catalogue has nothing of this name, region and side.</li>
        )}
      </ul>
      <NewStructure
        name={words}
        isKnown={isKnown(words, found.data?.results ?? []) || chosen.includes(words)}
        onAdd={() => {
          onAdd(words);
          setSearch('');
        }}
      />
    </section>
  );
}

function isKnown(words: string, rows: readonly CatalogueRow[]): boolean {
  const wanted = words.toLowerCase();
  return rows.some(({ key, name, synonyms }) =>
    [key, name, ...synonyms].some((spelling) => spelling.toLowerCase() === wanted),
  );
}

interface RowProps {
  readonly row: CatalogueRow;
  readonly isChosen: boolean;
  readonly isFixed: boolean;
  readonly onToggle: (isOn: boolean) => void;
}

function Row({ row, isChosen, isFixed, onToggle }: RowProps) {
  return (
    <li className={classes.row}>
      <Checkbox
        size="xs"
        checked={isChosen}
        disabled={isFixed}
        label={
          <>
            <span className={classes.dot} style={{ background: row.colour }} />
            {row.name}
            {row.synonyms.length > 0 && <span className={classes.also}>{row.synonyms.join(', ')}</span>}
          </>
        }
        onChange={(event) => onToggle(event.currentTarget.checked)}
      />
    </li>
  );
}

interface NewStructureProps {
  readonly name: string;
  readonly isKnown: boolean;
  readonly onAdd: () => void;
}

/** Always there, so that the list does not move while somebody types. */
function NewStructure({ name, isKnown, onAdd }: NewStructureProps) {
  const isOffered = name !== '' && !isKnown;
  return (
    <div className={classes.new}>
      <span className={classes.quiet}>
        {isOffered ? 'Not what you meant?' : 'What the catalogue lacks can be added: search for its name.'}
      </span>
      {isOffered && (
        <Button size="compact-xs" variant="default" onClick={onAdd}>
          Add “{name}” as a new structure
        </Button>
      )}
    </div>
  );
}

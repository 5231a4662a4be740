import { describe, expect, test } from 'vitest';
import type { LabelSeen } from '../../../api';
import {
  contentOf,
  draftOf,
  keepDraft,
  keptDraft,
  LEFT_OUT,
  layerOf,
  missingIn,
  NOT_LOOKED_AT,
  OPEN,
  openPlaces,
  problemOfLabel,
  problemOfStructures,
  type RecipeDraft,
  slugOf,
  structuresOf,
  withLayer,
  withoutOpen,
  withTarget,
  withTicked,
} from './recipeDraft';
import { newRule } from './ruleDraft';

function label(name: string, value: number | null, how = '', key = ''): LabelSeen {
  const candidates = how === '' ? [] : [{ key, name: key, how, confidence: how === 'fuzzy' ? 0.83 : 1 }];
  return { name, value, files: 3, candidates, hint: '' };
}

const VALUES = [
  label('Leber', 1, 'synonym', 'liver'),
  label('kidny left', 2, 'fuzzy', 'kidney_left'),
  label('table', 3),
  label('ignore', 255),
];

/** As a lead would leave it. */
function decided(): RecipeDraft {
  const taken = withTarget(draftOf(VALUES), 1, 'kidney_left');
  return { ...withTarget(taken, 2, LEFT_OUT), name: 'Odd names' };
}

test('what is certain is taken, what is alike waits, and ignore is nobody’s', () => {
  expect(draftOf(VALUES).labels.map(({ target }) => target)).toEqual(['liver', OPEN, OPEN, NOT_LOOKED_AT]);
});

test('an undecided label is said until it is decided', () => {
  const draft = draftOf(VALUES);
  expect(problemOfLabel(draft, 0)).toBe('');
  expect(problemOfLabel(draft, 1)).toBe('Choose a structure, or leave it out.');
  expect(openPlaces(draft)).toBe(3); // two labels and the name
  expect(openPlaces({ ...withoutOpen(draft), name: 'Mine' })).toBe(0);
  expect(openPlaces(decided())).toBe(0);
});

test('the recipe as the server reads it', () => {
  expect(contentOf(decided())).toEqual({
    format: 1,
    key: 'odd_names',
    title: 'Odd names',
    form: 'label_map',
    labels: { 1: 'liver', 2: 'kidney_left', 3: null },
    files: {},
    ignored: [255],
    rules: [],
    annotated: [],
    layers: {},
  });
});

test('names without values are files of their own', () => {
  const named = [label('Liver', null, 'exact', 'liver'), label('odd', null)];
  const content = contentOf({ ...withTarget(draftOf(named), 1, LEFT_OUT), name: 'Masks' });
  expect(content).toMatchObject({ form: 'masks', labels: {}, files: { Liver: 'liver', odd: null } });
});

test('a value that is two things in two files cannot be one recipe', () => {
  const two = [label('liver', 1, 'exact', 'liver'), label('spleen', 1, 'exact', 'spleen')];
  expect(problemOfLabel(draftOf(two), 0)).toContain('Value 1 is “spleen” in other files');
  const same = [label('liver', 1, 'exact', 'liver'), label('Leber', 1, 'synonym', 'liver')];
  expect(problemOfLabel(draftOf(same), 0)).toBe('');
});

test('names that count as one have to become one structure', () => {
  const draft = draftOf([label('Parotid-Lt', null), label('parotid_lt', null)]);
  const apart = withTarget(withTarget(draft, 0, 'parotid_gland_left'), 1, 'liver');
  expect(problemOfLabel(apart, 0)).toContain('counts as the same name');
  expect(problemOfLabel(withTarget(apart, 1, 'parotid_gland_left'), 0)).toBe('');
});

describe('structures that come out', () => {
  test('rules make and consume them', () => {
    const rule = { ...newRule('merge'), many: ['liver', 'kidney_left'], into: 'both' };
    expect(structuresOf({ ...decided(), rules: [rule] })).toEqual(['both']);
  });

  test('without any there is nothing to import', () => {
    const none = withTarget(withTarget(decided(), 0, LEFT_OUT), 1, LEFT_OUT);
    expect(problemOfStructures(none)).toContain('No structure comes out');
  });

  test('one of them at least was looked at; the others are named', () => {
    const one = withTicked(decided(), 'liver', false);
    expect(contentOf(one)).toMatchObject({ annotated: ['kidney_left'] });
    expect(problemOfStructures(withTicked(one, 'kidney_left', false))).toContain('Nothing is annotated');
    expect(contentOf(withTicked(one, 'liver', true))).toMatchObject({ annotated: [] });
  });

  test('a part lies above what contains it, unless somebody says otherwise', () => {
    const rule = { ...newRule('contain'), one: 'liver', many: ['kidney_left'] };
    const draft = { ...decided(), rules: [rule] };
    expect(layerOf(draft, 'kidney_left')).toBe(1);
    expect(contentOf(draft)).toMatchObject({ layers: { kidney_left: 1 } });
    expect(problemOfStructures(draft)).toBe('');
    expect(problemOfStructures(withLayer(draft, 'kidney_left', 0))).toContain('they need two layers');
  });

  test('rules that go round in a circle end', () => {
    const rules = [
      { ...newRule('contain'), one: 'liver', many: ['kidney_left'] },
      { ...newRule('contain'), one: 'kidney_left', many: ['liver'] },
    ];
    expect(layerOf({ ...decided(), rules }, 'liver')).toBeGreaterThan(0);
  });

  test('a project with structures says which of them it lacks; an empty one takes all', () => {
    expect(missingIn(['liver'], decided())).toEqual(['kidney_left']);
    expect(missingIn([], decided())).toEqual([]);
  });
});

test.each([
  ['Odd names 2', 'odd_names_2'],
  ['  Größe – β ', 'gro_e'],
  ['…', 'recipe'],
])('%s is known as %s', (name, slug) => {
  expect(slugOf(name)).toBe(slug);
});

describe('decisions that outlive a reload', () => {
  const storage = (): Storage => {
    const kept = new Map<string, string>();
    return {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
    } as unknown as Storage;
  };

  test('come back for the same labels and no others', () => {
    const here = storage();
    keepDraft(here, 7, decided());
    expect(keptDraft(here, 7, draftOf(VALUES))).toEqual(decided());
    expect(keptDraft(here, 8, draftOf(VALUES))).toEqual(draftOf(VALUES));
    const others = draftOf(VALUES.slice(1));
    expect(keptDraft(here, 7, others)).toEqual(others);
  });

  test('are none where the storage holds rubbish', () => {
    const broken = { getItem: () => '{' } as unknown as Storage;
    expect(keptDraft(broken, 7, draftOf(VALUES))).toEqual(draftOf(VALUES));
  });
});

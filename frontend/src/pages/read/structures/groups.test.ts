import { expect, test } from 'vitest';
import catalogue from '../../../../../annotation/catalogue.csv?raw';
import type { Structure } from '../../../api';
import {
  groupsOf,
  inDisplayOrder,
  matching,
  nextUnfinished,
  passes,
  regionOf,
  rowsOf,
  withoutSide,
} from './groups';

function structure(key: string, value: number, name = key): Structure {
  const side = /_(left|right)$/.exec(key)?.[1] ?? '';
  return { key, name, layer: 0, value, colour: '#00ff00', tolerance_mm: 3, side };
}

function catalogueKeys(): string[] {
  return catalogue
    .split('\n')
    .slice(1)
    .flatMap((line) => line.split(',', 1))
    .filter((key) => key !== '');
}

const MANY = ['rib_3_left', 'liver', 'aorta', 'vertebrae_l1', 'spleen', 'rib_4_left', 'lung_left', 'brain']
  .concat(['kidney_left', 'kidney_right', 'femur_left', 'hip_left', 'prostate', 'gluteus_medius_left'])
  .map((key, at) => structure(key, at + 1));

test('every structure of the catalogue has a body region', () => {
  const keys = catalogueKeys();
  expect(keys.length).toBeGreaterThan(150);
  expect(keys.filter((key) => regionOf(key) === 'Other')).toEqual([]);
});

test.each([
  ['gallbladder', 'Abdomen'],
  ['urinary_bladder', 'Pelvis'],
  ['pulmonary_artery', 'Vessels'],
  ['brachiocephalic_vein_left', 'Vessels'],
  ['hepatic_vessel', 'Abdomen'],
  ['femur_head_left', 'Bones'],
  ['spinal_cord', 'Spine'],
  ['orbit_left', 'Head and neck'],
  ['something_new', 'Other'],
])('%s lies in: %s', (key, region) => expect(regionOf(key)).toBe(region));

test('a short list stays as the project ordered it and has no headings', () => {
  const few = MANY.slice(0, 5);
  expect(inDisplayOrder(few)).toEqual(few);
  expect(groupsOf(few)).toEqual([{ region: null, structures: few }]);
});

test('a long list is ordered by region and loses nobody', () => {
  const ordered = inDisplayOrder(MANY);
  expect(ordered.map(({ key }) => key).slice(0, 4)).toEqual(['brain', 'lung_left', 'liver', 'spleen']);
  expect(new Set(ordered)).toEqual(new Set(MANY));
});

test('a search wants every word, in the name, the side or the region', () => {
  const named = [
    structure('kidney_left', 1, 'Kidney (left)'),
    structure('kidney_right', 2, 'Kidney (right)'),
  ];
  expect(matching(named, 'right kid').map(({ key }) => key)).toEqual(['kidney_right']);
  expect(matching(named, 'ABDOMEN')).toHaveLength(2);
  expect(matching(named, 'liver')).toEqual([]);
  expect(matching(named, '  ')).toHaveLength(2);
});

test('a folded region shows its heading alone, but opens for a search', () => {
  const folded = new Set(['Ribs and sternum' as const]);
  const ribs = (rows: ReturnType<typeof rowsOf>) =>
    rows.filter((row) => row.kind === 'structure' && row.structure.key.startsWith('rib_')).length;
  expect(ribs(rowsOf(MANY, '', folded))).toBe(0);
  expect(rowsOf(MANY, '', folded).some((row) => row.kind === 'heading' && row.isFolded)).toBe(true);
  expect(ribs(rowsOf(MANY, 'rib', folded))).toBe(2);
});

test('the next unfinished structure is empty or not looked at everywhere, and the search goes round', () => {
  const [first, second, third] = MANY.slice(0, 3) as [Structure, Structure, Structure];
  const few = [first, second, third];
  const seen = new Map([[first, 0.4], [second, 1], [third, 1]]); // biome-ignore format: a small table
  const progress = {
    isDrawn: (one: Structure) => one !== third,
    lookedShare: (one: Structure) => seen.get(one) ?? null,
  };
  expect(nextUnfinished(few, first, progress)).toBe(third);
  expect(nextUnfinished(few, third, progress)).toBe(first);
  const done = { isDrawn: () => true, lookedShare: () => 1 };
  expect(nextUnfinished(few, first, done)).toBeUndefined();
});

test.each([
  ['Kidney (left)', 'left', 'Kidney'],
  ['Left kidney', 'left', 'Kidney'],
  ['Right', 'right', 'Right'],
  ['Left atrium', '', 'Left atrium'],
])('%s of side “%s” is listed as %s', (name, side, short) => expect(withoutSide(name, side)).toBe(short));

test('the list can be cut down to what is drawn, or what is unfinished', () => {
  const [liver] = MANY as [Structure];
  const seen = { isDrawn: () => true, lookedShare: () => 1 };
  const empty = { isDrawn: () => false, lookedShare: () => null };
  const glimpsed = { isDrawn: () => true, lookedShare: () => 0.5 };
  const lists = [seen, empty, glimpsed].map((progress) =>
    (['all', 'drawn', 'unfinished'] as const).filter((filter) => passes(filter, liver, progress)),
  );
  expect(lists).toEqual([
    ['all', 'drawn'],
    ['all', 'unfinished'],
    ['all', 'drawn', 'unfinished'],
  ]);
});

import { describe, expect, it } from 'vitest';
import type { DashboardRows } from '../../../api';
import { type Asked, suggested } from './suggested';

type Mark = DashboardRows['agreement'];
type Published = DashboardRows['published'];

const MARK: Mark = {
  structure: 'liver',
  kind: 'inter',
  starts: 'scratch',
  who: 'all',
  reader_id: null,
  name: '',
  metric: 'dice',
  unit: '',
  estimate: 0.94,
  low: 0.9217,
  high: 0.957,
  cases: 12,
  readers: 3,
  values: 30,
  dropped: 0,
  method: '',
  reason: '',
  behind: 0,
  metric_version: '',
};
const WITHIN: Mark = { ...MARK, kind: 'intra', estimate: 0.96, low: 0.9519, high: 0.97, cases: 1 };
const STUDY: Published = {
  structure: 'liver',
  modality: 'CT',
  kind: 'inter',
  metric: 'dice',
  low: 0.86,
  high: 0.93,
  mean: null,
  sd: null,
  readers: 12,
  cases: 3,
  what: 'range',
  source: 'Cui 2015',
  address: 'https://example.org/cui',
};
const LIVER: Asked = { structure: 'liver', metric: 'dice', comparator: 'inter' };

const of = (own: readonly Mark[], published: readonly Published[] = [], asked: Asked = LIVER) =>
  suggested(asked, { own, published }, 'Liver');

describe('a first threshold', () => {
  it('is the lower end of the readers’ agreement with themselves', () => {
    const { threshold, words } = of([MARK, WITHIN], [STUDY]);
    expect(threshold).toBe(0.951);
    expect(words).toBe(
      'Lower end of the agreement of this project’s readers with themselves: 0.960 (95 % CI 0.952–0.970), reads from scratch, 1 case.',
    );
  });

  it('is else that with each other, else a published one with its source', () => {
    expect(of([MARK], [STUDY]).threshold).toBe(0.921);
    expect(of([MARK], [STUDY]).words).toContain('with each other: 0.940');
    expect(of([], [STUDY])).toEqual({
      threshold: 0.86,
      words: 'Lower end of a published band, 0.860–0.930: Cui 2015 (range).',
      address: 'https://example.org/cui',
    });
  });

  it('is the upper end of a band of distances', () => {
    const mark: Mark = { ...MARK, metric: 'hd95_mm', unit: 'mm', estimate: 2, low: 1.5, high: 3.02 };
    const { threshold, words } = of([mark], [], { ...LIVER, metric: 'hd95_mm' });
    expect(threshold).toBe(3.1);
    expect(words).toContain('Upper end of');
    expect(words).toContain('2.0 mm (95 % CI 1.5 mm–3.0 mm)');
  });

  it('is a round figure as it was published', () => {
    for (const low of [0.29, 0.57, 0.58, 0.983]) {
      expect(of([], [{ ...STUDY, low, high: low }]).threshold).toBe(low);
    }
  });

  it('takes a mean where it has no interval', () => {
    expect(of([{ ...MARK, low: null, high: null }]).threshold).toBe(0.94);
    const { words } = of([], [{ ...STUDY, low: 0.983, high: 0.983, what: 'mean alone' }]);
    expect(words).toBe('A published figure, 0.983: Cui 2015 (mean alone).');
  });

  it('pools no starting points and no parts of scans', () => {
    const fromModel: Mark = { ...MARK, starts: 'prediction:3', low: 0.96, cases: 90 };
    const inPart: Mark = { ...MARK, starts: 'scratch|slab', low: 0.99, cases: 900 };
    expect(of([fromModel, MARK, inPart]).threshold).toBe(0.921);
    expect(of([{ ...MARK, starts: 'prediction:2', low: 0.95, cases: 4 }, fromModel]).threshold).toBe(0.96);
    expect(of([fromModel]).words).toContain('reads from model 3, 90 cases');
    expect(of([inPart]).threshold).toBeNull();
  });

  it('looks at this structure and metric, at everybody, and at what could be worked out', () => {
    const others: readonly Mark[] = [
      { ...MARK, structure: 'spleen' },
      { ...MARK, metric: 'surface_dice' },
      { ...MARK, who: 'reader', reader_id: 4 },
      { ...MARK, estimate: null, low: null, high: null },
      { ...MARK, kind: 'prediction' },
    ];
    expect(of(others).threshold).toBeNull();
  });

  it('against the known answer prefers studies against one', () => {
    const gold: Published = { ...STUDY, kind: 'gold', low: 0.71, high: 0.77 };
    expect(of([], [STUDY, gold], { ...LIVER, comparator: 'gold' }).threshold).toBe(0.71);
    expect(of([], [gold, STUDY]).threshold).toBe(0.86);
  });

  it('is none, with a sentence, without a band or without a structure', () => {
    expect(of([]).threshold).toBeNull();
    expect(of([]).words).toMatch(/^No band of Liver is known/);
    const forAll = of([MARK], [STUDY], { ...LIVER, structure: '' });
    expect(forAll.threshold).toBeNull();
    expect(forAll.words).toMatch(/^Every structure has a band of its own/);
  });
});

// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest';
import type { Preset } from '../../api';
import {
  EMPTY,
  forgetDraft,
  keepDraft,
  keptDraft,
  withoutStructure,
  withPreset,
  withStructure,
} from './draft';

function preset(key: string, ...structures: readonly string[]): Preset {
  const placed = structures.map((one, at) => ({
    key: one,
    name: one,
    layer: 0,
    value: at + 1,
    because: '',
  }));
  return { key, name: key, about: '', source: '', url: '', structures: placed };
}

const AMOS = preset('amos', 'spleen', 'liver');
const WORD = preset('word', 'liver', 'rectum');

describe('a choice of structures', () => {
  it('takes a preset with its values', () => {
    expect(withPreset(EMPTY, AMOS)).toEqual({ name: '', structures: ['spleen', 'liver'], preset: 'amos' });
  });

  it('keeps the values of the first preset and names nothing twice', () => {
    const both = withPreset(withPreset(EMPTY, AMOS), WORD);
    expect(both.structures).toEqual(['spleen', 'liver', 'rectum']);
    expect(both.preset).toBe('amos');
  });

  it('forgets the preset with the last structure', () => {
    const left = withoutStructure(withPreset(EMPTY, AMOS), 'spleen');
    expect(left.preset).toBe('amos');
    expect(withoutStructure(left, 'liver')).toEqual(EMPTY);
  });

  it('adds one once', () => {
    expect(withStructure(withStructure(EMPTY, 'liver'), 'liver').structures).toEqual(['liver']);
  });
});

describe('keeping it for the tab', () => {
  beforeEach(() => sessionStorage.clear());

  it('comes back as it was, and is gone when the project is there', () => {
    const draft = { name: 'Pelvis', structures: ['rectum'], preset: '' };
    keepDraft(sessionStorage, draft);
    expect(keptDraft(sessionStorage)).toEqual(draft);
    forgetDraft(sessionStorage);
    expect(keptDraft(sessionStorage)).toEqual(EMPTY);
  });

  it.each(['', 'null', '{', '{"name": 1}', '{"name": "x", "preset": "", "structures": [1]}'])(
    'begins anew from %s',
    (kept) => {
      sessionStorage.setItem('delineate.new-project', kept);
      expect(keptDraft(sessionStorage)).toEqual(EMPTY);
    },
  );
});

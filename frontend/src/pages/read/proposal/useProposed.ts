import { useMemo } from 'react';
import { type Assignment, type Proposal, useProposals } from '../../../api';
import { caseLabel, when } from '../../words';
import type { Source } from '../compare/sources';

export type ProposedSource = Extract<Source, { kind: 'proposal' }>;

/** What else was made of the case, newest first, without what the read began from. */
export function useProposed({ id, prediction_mask }: Assignment): readonly ProposedSource[] {
  const { data } = useProposals(id);
  return useMemo(
    () =>
      (data?.proposals ?? [])
        .filter(({ mask }) => mask.id !== prediction_mask?.id)
        .map((made) => ({
          kind: 'proposal',
          mask: made.mask.id,
          number: made.mask.head,
          words: proposalWords(made),
        })),
    [data, prediction_mask],
  );
}

/** Leads know who made it; to a reader the time says enough. */
export function proposalWords({ source, version, atlas_cases: cases, at }: Proposal): string {
  if (version !== null) {
    return `Prediction of model ${version}, ${when(at)}`;
  }
  if (source === 'atlas' && cases.length > 0) {
    return `From ${cases.map(caseLabel).join(', ')}, ${when(at)}`;
  }
  return `Proposal of ${when(at)}`;
}

"""Whose turn it is to be second reader, against the plain reading of the rule."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from annotation.models import Level, Membership
from annotation.worklist.balance import Pair, partner_for

PEOPLE = range(1, 7)
PAIRS = [frozenset(pair) for pair in combinations(PEOPLE, 2)]


@given(
    there=st.sets(st.sampled_from(PEOPLE), min_size=1),
    counts=st.dictionaries(st.sampled_from(PAIRS), st.integers(1, 3)),
)
def test_only_a_pair_that_shares_the_fewest_cases_of_all_pairs_there_reads_the_next_one(
    there: set[int], counts: dict[Pair, int]
) -> None:
    """Who has left shares cases, too, but does not count."""
    among = [Membership(user_id=one, level=Level.JUNIOR) for one in sorted(there)]
    least = min((counts.get(frozenset(pair), 0) for pair in combinations(there, 2)), default=0)
    for reader in there:
        fewest = [one for one in sorted(there - {reader}) if counts.get(frozenset((reader, one)), 0) == least]
        assert partner_for(reader, among=among, counts=counts) == (fewest[0] if fewest else None)

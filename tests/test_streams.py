"""Random streams: golden values, and the collisions that a careless construction has."""

from hypothesis import given
from hypothesis import strategies as st

from augment.streams import generator, rank, ranks, words


def test_golden_values():
    """These must never change: every published test set depends on them."""
    assert words(1, "block 0", "noise")[:2] == GOLDEN_WORDS
    assert generator(1, "block 0", "noise").integers(0, 10**6, 3).tolist() == GOLDEN_INTEGERS


GOLDEN_WORDS = [1271346769, 2590214849]
GOLDEN_INTEGERS = [80192, 488950, 293220]


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_different_names_are_different_streams(one, other):
    assert (words(*one) == words(*other)) == (one == other)
    assert (rank(*one) == rank(*other)) == (one == other)


parts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5) | st.integers()


@given(st.lists(parts, max_size=5), st.lists(parts, max_size=3))
def test_many_ranks_are_those_of_each(values, name):
    assert ranks(values, *name) == [rank(*name, value) for value in values]

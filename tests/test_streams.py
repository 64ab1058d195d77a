"""Random streams: golden values, and the collisions that a careless construction has."""

from hypothesis import given
from hypothesis import strategies as st

from augment.streams import generator, rank, words


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

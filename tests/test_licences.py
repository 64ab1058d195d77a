"""What may be mixed, against tables made by hand from the licences' own texts."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.licences import KINDS, STRICTNESS, UNSTATED, mixture, spdx

ALLOWED = [
    (["CC0-1.0"], "CC0-1.0"),
    (["CC0-1.0", "CC-BY-4.0"], "CC-BY-4.0"),
    (["CC-BY-2.0-UK", "CC-BY-4.0"], "CC-BY-2.0-UK AND CC-BY-4.0"),
    (["CC-BY-4.0", "CC-BY-SA-4.0", "Apache-2.0"], "CC-BY-SA-4.0"),
    (["CC-BY-SA-3.0", "CC-BY-SA-4.0"], "CC-BY-SA-4.0"),
    (["CC-BY-NC-4.0", "CC-BY-4.0"], "CC-BY-NC-4.0"),
    (["CC-BY-NC-SA-4.0", "CC-BY-NC-3.0"], "CC-BY-NC-SA-4.0"),
    (["GPL-3.0-only", "CC0-1.0"], "GPL-3.0-only"),
    ([UNSTATED], UNSTATED),
    ([UNSTATED, "CC-BY-4.0"], "CC-BY-4.0 AND NOASSERTION"),
    (["LicenseRef-Hospital", "CC0-1.0"], "CC0-1.0 AND LicenseRef-Hospital"),
]
REFUSED = [
    (["CC-BY-SA-4.0", "GPL-2.0-only"], "CC-BY-SA-4.0 asks .* GPL-2.0-only asks for itself"),
    (["CC-BY-SA-4.0", "CC-BY-NC-4.0"], "no commerce"),
    (["CC-BY-SA-4.0", "CC-BY-NC-SA-4.0"], "asks for itself"),
    (["GPL-3.0-only", "CC-BY-NC-4.0"], "no commerce"),
    (["CC-BY-SA-4.0", "ODbL-1.0"], "asks for itself"),
    (["GPL-2.0-only", "GPL-3.0-only"], "asks for itself"),
    (["Apache-2.0", "GPL-2.0-only"], "patent"),
    (["CC-BY-ND-4.0"], "no adaptations"),
    (["CC-BY-NC-ND-4.0", "CC0-1.0"], "no adaptations"),
]


@pytest.mark.parametrize(("parts", "licence"), ALLOWED)
def test_mixtures_that_may_be(parts, licence):
    found = mixture(parts)
    assert (found.licence, found.conflict) == (licence, "")


@pytest.mark.parametrize(("parts", "words"), REFUSED)
def test_mixtures_that_may_not(parts, words):
    for order in itertools.permutations(parts):
        with pytest.raises(ValueError, match=words):
            raise ValueError(mixture(order).conflict)


@given(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=5), st.sampled_from(sorted(KINDS)))
def test_nothing_becomes_freer_by_mixing(parts, another):
    def strictest(licence):
        return max(STRICTNESS.index(KINDS[name]) for name in licence.split(" AND "))

    one, more = mixture(parts), mixture([*parts, another])
    assert strictest(more.licence) >= max(strictest(one.licence), strictest(another))
    assert not one.conflict or more.conflict
    assert mixture(parts[::-1]) == one


def test_identifiers_are_found_however_they_are_written():
    for name in KINDS:
        assert spdx(name) == spdx(name.lower()) == spdx(name.replace("-", " ")) == name
    assert spdx("GPL-3.0") == "GPL-3.0-only"
    assert spdx("CC-BY") is None
    assert spdx("") is None

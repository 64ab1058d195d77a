"""The acceptance tests of the acoustics, by number: every figure against a reference that shares no code with ours."""

import pytest

from acceptance import collected

FUNCTIONS = collected()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_acceptance(name):
    figures = FUNCTIONS[name]()
    assert figures
    missed = [figure for figure in figures if not figure.holds]
    assert not missed, "\n".join(f"{f.what}: {f.ours:g}, expected {f.reference:g} +- {f.tolerance:g}" for f in missed)

"""Colours of organizations: whatever is chosen, words in it can be read in both themes."""

from hypothesis import given
from hypothesis import strategies as st

from app.kernel.text import colours
from tests.design.test_colours import ROOT, luminance
from tests.design.test_colours import colours as tokens

CHANNEL = st.integers(0, 255)
COLOURS = st.builds("#{:02x}{:02x}{:02x}".format, CHANNEL, CHANNEL, CHANNEL)


def test_the_grounds_are_those_of_the_stylesheet() -> None:
    for theme, grounds in enumerate((colours.LIGHT_GROUNDS, colours.DARK_GROUNDS)):
        for name, ground in zip(("paper", "sheet", "raised"), grounds, strict=True):
            theirs = luminance(tokens(theme, ROOT).get(name) or "1 0 0")
            assert abs(theirs - colours._luminance(ground)) < 0.005, name


@given(COLOURS)
def test_the_dark_tone_can_always_be_read(colour: str) -> None:
    tone = colours.dark_tone(colour)
    assert colours.lowest_contrast(tone, colours.DARK_GROUNDS) >= colours.READABLE
    assert colours.dark_tone(tone) == tone


@given(COLOURS)
def test_the_colour_that_is_offered_passes_and_is_the_nearest(colour: str) -> None:
    passes = colours.lowest_contrast(colour) >= colours.READABLE
    offered = colours.nearest_readable(colour)
    assert colours.lowest_contrast(offered) >= colours.READABLE
    assert (offered == colour) is passes
    assert colours.lowest_contrast(offered) >= colours.lowest_contrast(colour)


@given(COLOURS)
def test_a_colour_is_read_however_it_is_typed(colour: str) -> None:
    assert colours.parse(f" {colour.upper()[1:]} ") == colours.parse(colour) == colour


def test_what_is_no_colour_is_none() -> None:
    assert colours.parse("#ABC") == "#aabbcc"
    for typed in ("", "#", "red", "#12345", "#1234567", "#gggggg", "var(--x)", "#fff;}", "#123456\n#", "rgb(1,2,3)"):
        assert colours.parse(typed) is None, typed

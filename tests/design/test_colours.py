"""Ink on every ground, in both themes: at least 4.5:1, and 3:1 around fields. Computed from the tokens themselves."""

import re
from itertools import product
from math import cos, radians, sin
from pathlib import Path

import pytest

from app.kernel.text import template_filters

TOKENS = (Path(__file__).parents[2] / "app/static/css/tokens.css").read_text("utf-8")
COLOUR = r"oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)|oklch\((1) 0 0\)"
PAIR = re.compile(r"--([\w-]+):\s*light-dark\(\s*oklch\(([^)/]+)\),\s*oklch\(([^)/]+)\)\s*\)")


def channels(colour: str) -> tuple[float, float, float]:
    """Red, green and blue of an oklch colour, linear."""
    lightness, chroma, hue = (float(part) for part in colour.split())
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    red, green, blue = (min(max(part, 0.0), 1.0) for part in (red, green, blue))
    return red, green, blue


def numbers(colour: str) -> str:
    """An oklch colour as `#0b5f6c`."""
    parts = (part * 12.92 if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055 for part in channels(colour))
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)


def luminance(colour: str) -> float:
    """Relative luminance of an oklch colour, as WCAG 2 defines it."""
    red, green, blue = channels(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def colours(theme: int, block: str = TOKENS) -> dict[str, str]:
    return {found[0]: found[1 + theme] for found in PAIR.findall(block)}


ROOT = TOKENS[: TOKENS.index("/* Tones")]
TONES = dict(re.findall(r"\.(danger|warn|good) \{(.*?)\}", TOKENS, re.S))


@pytest.mark.parametrize("theme", (0, 1), ids=("light", "dark"))
def test_ink_can_be_read_on_every_ground(theme: int) -> None:
    names = colours(theme, ROOT)
    for ink, ground in product(("ink", "ink-2", "ink-3", "accent", "red"), ("paper", "sheet", "raised")):
        assert contrast(names[ink], names[ground]) >= 4.5, (ink, ground)
    assert contrast(names["on-accent"], names["accent"]) >= 4.5
    assert contrast(names["accent"], names["accent-wash"]) >= 4.5
    for ground in ("sheet", "raised"):
        assert contrast(names["edge"], names[ground]) >= 3, ground


@pytest.mark.parametrize("theme", (0, 1), ids=("light", "dark"))
@pytest.mark.parametrize("tone", ("danger", "warn", "good"))
def test_a_tone_can_be_read_on_its_wash_and_on_the_sheet(theme: int, tone: str) -> None:
    root, own = colours(theme, ROOT), colours(theme, TONES[tone])
    word = own.get("tone", root["red"])
    for ground in (own["wash"], root["sheet"], root["raised"]):
        assert contrast(word, ground) >= 4.5, (tone, ground)


AVATAR = (Path(__file__).parents[2] / "app/static/css/avatar.css").read_text("utf-8")
AVATAR_COLOURS = re.findall(r"(color|background): light-dark\(oklch\(([^v]+)var[^)]+\)\), oklch\(([^v]+)var", AVATAR)


@pytest.mark.parametrize("theme", (0, 1), ids=("light", "dark"))
def test_initials_can_be_read_in_every_hue(theme: int) -> None:
    found = {name: themes[theme] for name, *themes in AVATAR_COLOURS}
    hues = re.findall(r"--hue: (\d+);", AVATAR)
    assert len(set(hues)) == template_filters.HUES
    for hue in hues:
        assert contrast(found["color"] + hue, found["background"] + hue) >= 4.5, hue


def test_a_person_has_one_hue_everywhere() -> None:
    assert template_filters.hue("Inès Moreau") == template_filters.hue("INÈS MOREAU")
    people = ["Ines Moreau", "Ana Ruiz", "Jonas Thiele", "Priya Raman", "ليلى حداد", "Élise Marchand", "", "Owen Parry"]
    assert len({template_filters.hue(name) for name in people}) >= 4


APP = Path(__file__).parents[2] / "app"
THEMED = {"color-scheme", "color", "background", "border-color"}
"""What a theme may change. None of it has a size, so geometry is tested in one theme for both."""


@pytest.mark.parametrize("path", sorted((APP / "static/css").glob("*.css")), ids=lambda path: path.name)
def test_a_theme_changes_colours_alone_in_style_sheets(path: Path) -> None:
    """`light-dark()` takes nothing but colours; there is no other way for a theme to reach a style."""
    text = path.read_text("utf-8")
    assert "prefers-color-scheme" not in text
    for block in re.findall(r"\[data-theme[^{]*\{(.*?)\}", text, re.S):
        assert declared(block) <= {"color-scheme"}


@pytest.mark.parametrize("path", sorted((APP / "templates/email").glob("_*.html")), ids=lambda path: path.name)
def test_a_theme_changes_colours_alone_in_e_mails(path: Path) -> None:
    dark = re.findall(r"@media \(prefers-color-scheme: dark\) \{(.*?)\n    \}", path.read_text("utf-8"), re.S)
    assert ("prefers-color-scheme" in path.read_text("utf-8")) == bool(dark)
    for rule in re.findall(r"\{(?!\{)(.*?)(?<!\})\}\n", "".join(dark) + "\n", re.S):
        assert declared(rule) <= THEMED


def declared(block: str) -> set[str]:
    return {name.strip() for name in re.findall(r"(?:^|;)\s*([\w-]+)\s*:", block)}


def test_pages_know_no_other_theme() -> None:
    """No script and no template styles by theme either, but for the switch itself."""
    scripts = [*(APP / "static/js").rglob("*.js")]
    assert scripts
    assert not [path.name for path in scripts if "prefers-color-scheme" in path.read_text("utf-8")]
    named = {path.name for path in (APP / "templates").rglob("*.html") if "data-theme" in path.read_text("utf-8")}
    assert named == {"base.html"}

"""What a team sets of its review; a slip names its line and what to write instead."""

from pathlib import Path

import pytest

from trendlib.errors import ConfigError
from trendlib.review.settings import EXAMPLE, SECTIONS, Settings, parse_settings, read_settings, write_example

EVERYTHING = """\
title = "A&R  Monday"
picks = 3
sections = ["breakouts", "summary"]
why_not = ["7012345678901234567", "Sky", "Sky"]
[brand]
name = "Label"
logo = "logo.png"
accent = "#0A7F3F"
"""


def test_without_a_file_everything_stands_as_it_is(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == Settings()
    assert Settings().sections == SECTIONS


def test_the_example_is_what_stands_without_it(tmp_path: Path) -> None:
    assert write_example(tmp_path) == tmp_path / "review.toml"
    assert read_settings(tmp_path) == parse_settings(EXAMPLE, tmp_path) == Settings()


def test_an_example_never_overwrites_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "review.toml").write_text("picks = 3")
    with pytest.raises(ConfigError, match="there already"):
        write_example(tmp_path)
    assert read_settings(tmp_path).picks == 3


def test_all_settings_are_read_and_the_logo_lies_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"png")
    found = parse_settings(EVERYTHING, tmp_path)
    assert (found.title, found.picks, found.sections) == ("A&R Monday", 3, ("breakouts", "summary"))
    assert found.why_not == ("7012345678901234567", "Sky")
    assert (found.brand.name, found.brand.logo, found.brand.accent) == ("Label", tmp_path / "logo.png", "#0a7f3f")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('\nsection = ["top"]', "line 2: 'section' is no setting of a review; did you mean 'sections'"),
        (
            'sections = [\n  "top",\n  "brekouts",\n]',
            "line 3: sections: 'brekouts' is no section; did you mean 'breakouts'",
        ),
        ('sections = ["top", "top"]', "line 1: sections: 'top' stands there 2 times"),
        ('sections = "top"', "line 1: sections: 'top' is no list"),
        ("sections = [1]", "line 1: sections: 1 is no text; put it in quotes"),
        ("title = 1", "line 1: title: 1 is no text"),
        ("picks = 1000", "line 1: picks: 1000 is no number of pages; write a whole number from 0 to 200"),
        ("picks = true", "line 1: picks: True is no number of pages"),
        ('brand = "Label"', "line 1: brand must be a table"),
        ('[brand]\ncolour = "#ffffff"', "line 2: 'colour' is no setting"),
        ('title = ""\n[brand]\naccent = "orange"', "line 3: the brand's accent is 'orange'"),
        ('[brand]\n\nlogo = "nowhere.png"', "line 3: the brand's logo .* correct its path"),
        ("title = Monday", r"not valid TOML.*line 1.*review --init"),
    ],
)
def test_a_slip_is_named_with_its_line_and_the_remedy(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_settings(text, tmp_path)


def test_a_file_that_is_no_text_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "review.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_settings(tmp_path)

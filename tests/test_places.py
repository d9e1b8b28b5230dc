"""Names of countries: right for every code that is sent, and what is no code stays as it came."""

import pytest

from trendlib.show.places import REGIONS, region_name, region_words, the_region

NOT_ISO = set("AC AN DG EA EL EU IC SU TA UK XC XE XG XK XW YU".split())  # sent all the same


def test_every_country_has_one_name_that_fits_a_line() -> None:
    assert len(set(REGIONS) - NOT_ISO) == 249  # ISO 3166-1 has so many
    assert all(len(code) == 2 and code.isascii() and code.isupper() for code in REGIONS)
    assert all(name == name.strip() and 3 < len(name) < 31 for name in REGIONS.values())
    twice = {name for name in REGIONS.values() if list(REGIONS.values()).count(name) > 1}
    assert twice == {"United Kingdom", "Greece"}  # UK beside GB, EL beside GR


@pytest.mark.parametrize(
    ("code", "name"),
    [("BR", "Brazil"), ("gb", "United Kingdom"), ("UK", "United Kingdom"), (" de ", "Germany"), ("XK", "Kosovo"),
     ("XW", "worldwide"), ("CD", "DR Congo"), ("CG", "Congo"), ("NA", "Namibia"), ("ZZ", "ZZ"), ("", ""), (None, ""),
     (float("nan"), ""), ("no market named", "no market named"), ("a\u202eb", "ab")],
)  # fmt: skip
def test_a_region_is_named_and_what_is_none_stays_as_it_came(code: object, name: str) -> None:
    assert region_name(code) == name


def test_a_name_has_its_code_beside_it_where_axes_and_commands_have_the_code() -> None:
    said = [region_words(code) for code in ("br", "UK", "ZZ", None)]
    assert said == ["Brazil (BR)", "United Kingdom (UK)", "ZZ", "–"]


def test_a_sentence_takes_the_article_that_english_wants() -> None:
    named = ["the United States", "the Netherlands", "the Philippines", "Brazil"]
    assert [the_region(code) for code in ("US", "nl", "PH", "BR")] == named

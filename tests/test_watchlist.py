"""Watchlist: people write it by hand, so every slip names its line and the nearest right word."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendlib.errors import ConfigError
from trendlib.watchlist import Watchlist, follow, sound_id

A = "7012345678901234567"
B = "7012345678909999999"


def test_entries_are_read_the_way_people_write_them() -> None:
    watchlist = Watchlist.parse(
        f"""
        sounds = ["{A}", "https://www.tiktok.com/music/As-It-Was-{B}?lang=en", 96169040, "{A}"]
        hashtags = ["#FYP", "Brat", "＃日本"]
        creators = ["@a.b_c", "https://www.tiktok.com/@d.e?x=1"]
        keywords = ["  sped   up "]
        regions = ["br", "US", "UK", "el", "GB"]
        always_page = ["{B}"]
        """
    )
    assert watchlist == Watchlist(
        sounds=(A, B, "96169040"),
        hashtags=("fyp", "brat", "日本"),
        creators=("a.b_c", "d.e"),
        keywords=("sped up",),
        regions=("BR", "US", "GB", "GR"),
        always_page=(B,),
    )


def test_what_is_always_paged_is_watched() -> None:
    assert Watchlist.parse(f'always_page = ["{A}"]').sounds == (A,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\nsunds = []", "line 2: 'sunds' is no list of a watchlist; did you mean 'sounds'"),
        ("# sound = a note\nsounds = []\nsound = []", "line 3: 'sound' is no list"),
        ('keywords = ["EN garage"]\nhashtags = []\nregions = ["EN"]', "line 3: regions: 'EN'"),
        ('hashtags = ["a"] # "b c"\nkeywords = ["b c"]\ncreators = ["x",\n"b c"]', "line 4: creators: 'b c'"),
        ("zzz = []", "line 1: 'zzz' is no list of a watchlist; there are: sounds, hashtags"),
        (
            'sounds = [\n"7012345678901234567",\n"70123456789O1234567"]',
            "line 3: sounds: .*8 to 19 digits.*did you mean '7012345678901234567'",
        ),
        ("sounds = [7.012345678901234567e18]", "line 1: sounds: .*has lost digits"),
        ('sounds = ["7.590845459044748e18"]', "line 1: sounds: .*lost its last digits; take the id from the address"),
        ("sounds = [true]", "line 1: sounds: True is not text"),
        ('sounds = "7012345678901234567"', "line 1: sounds must be a list"),
        ('regions = ["US",\n"EN"]', "line 2: regions: 'EN' is no region.*did you mean 'GB'"),
        ('regions = ["Brazil"]', "line 1: regions: 'Brazil' is no region.*did you mean 'BR'"),
        ('regions = ["XX"]', r"line 1: regions: 'XX' is no region \(two letters, ISO 3166-1\)$"),
        ('hashtags = ["two words"]', "line 1: hashtags: 'two words' is no hashtag"),
        ('creators = ["@"]', "line 1: creators: '@' is no creator"),
        ("creators = [1]", "line 1: creators: 1 is not text"),
        ('keywords = [" "]', "line 1: keywords: an empty keyword"),
        ("sounds = [", "watchlist.toml is not valid TOML"),
        (
            f'sounds = ["{A}"]\nalways_page = ["7012345678901234568"]',
            f"line 2: always_page has '7012345678901234568'; did you mean '{A}'",
        ),
    ],
)
def test_a_slip_names_its_line_and_the_nearest_right_word(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Watchlist.parse(text)


def test_a_missing_file_says_which_file_may_be_meant(tmp_path: Path) -> None:
    (tmp_path / "watchlists.toml").write_text("")
    with pytest.raises(ConfigError, match=r"does not exist; did you mean 'watchlists\.toml'.*sounds, hashtags"):
        Watchlist.read(tmp_path / "watchlist.toml")


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "watchlist.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        Watchlist.read(tmp_path / "watchlist.toml")


@given(st.text(max_size=200))
def test_no_text_at_all_breaks_the_reader(text: str) -> None:
    complaint = "watchlist.toml"
    try:
        Watchlist.parse(text)
    except ConfigError as error:
        complaint = str(error)
    assert "watchlist.toml" in complaint


@given(st.from_regex(r"[1-9][0-9]{7,18}", fullmatch=True))
def test_every_id_is_itself_in_all_its_spellings(digits: str) -> None:
    spellings = (digits, int(digits), f" {digits} ", f"https://www.tiktok.com/music/x-{digits}")
    assert {sound_id(spelling) for spelling in spellings} == {digits}


def test_a_sound_is_added_once_and_comments_stay(tmp_path: Path) -> None:
    file = tmp_path / "watchlist.toml"
    file.write_text('# ours\nsounds = ["7012345678901234561"] # the first\nkeywords = ["dance"]\n', encoding="utf-8")
    assert follow(file, "https://www.tiktok.com/music/Song-7012345678901234562", named='a # "b"\nc')
    assert not follow(file, "7012345678901234562")
    assert Watchlist.read(file).sounds == ("7012345678901234561", "7012345678901234562")
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# ours\n")
    assert "# the first" in text
    assert Watchlist.read(file).keywords == ("dance",)


def test_a_watchlist_is_made_when_there_is_none(tmp_path: Path) -> None:
    assert follow(tmp_path / "new" / "watchlist.toml", "7012345678901234561")
    assert Watchlist.read(tmp_path / "new" / "watchlist.toml").sounds == ("7012345678901234561",)


def test_what_is_no_sound_is_refused_and_the_file_stays(tmp_path: Path) -> None:
    file = tmp_path / "watchlist.toml"
    file.write_text("sounds = []\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="neither a sound id"):
        follow(file, 'x"]\nkeywords = ["y')
    assert file.read_text(encoding="utf-8") == "sounds = []\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes, and links are its administrators' only")
def test_a_list_that_is_shared_by_a_link_stays_shared_and_as_private_as_it_was(tmp_path: Path) -> None:
    shared = tmp_path / "team" / "list.toml"
    shared.parent.mkdir()
    shared.write_text('sounds = ["7012345678901234561"]\n')
    shared.chmod(0o600)
    link = tmp_path / "watchlist.toml"
    link.symlink_to(shared)
    assert follow(link, "7012345678901234562")
    assert link.is_symlink()
    assert Watchlist.read(shared).sounds == ("7012345678901234561", "7012345678901234562")
    assert shared.stat().st_mode & 0o777 == 0o600


def test_a_disk_that_is_full_leaves_the_list_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(path: Path, text: str, **_: object) -> None:
        path.write_bytes(text.encode()[:20])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    file = tmp_path / "watchlist.toml"
    file.write_bytes(b'sounds = ["7012345678901234561"]\n')
    monkeypatch.setattr(Path, "write_text", fill)
    with pytest.raises(ConfigError, match="add '7012345678901234562' to it by hand"):
        follow(file, "7012345678901234562")
    assert Watchlist.read(file).sounds == ("7012345678901234561",)
    assert [path.name for path in tmp_path.iterdir()] == [file.name]

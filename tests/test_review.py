"""The Monday review: of the practice world, of past Mondays, of odd and empty homes; and the team's hand in it."""

import gzip
import json
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from trendlib.boards.alerts import record as record_alerts
from trendlib.config import Config
from trendlib.errors import ConfigError, NoDataError
from trendlib.monitor import Monitor, open_monitor
from trendlib.review import SECTIONS, Review, Settings, boards
from trendlib.review.content import PARTS
from trendlib.review.week import Agenda
from trendlib.runs.loading import rebuild, replay
from trendlib.sandbox import Server, SweepPlan, World, record
from trendlib.schema import utc_text
from trendlib.show.deck import Slide
from trendlib.show.deck.boxes import planned
from trendlib.show.exhibits import Exhibit
from trendlib.show.theme import plain_text

WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def review(practice_home: Path) -> Review:
    return Monitor.of_practice(practice_home).review()


@pytest.fixture
def home(own_home: Path, tmp_path: Path) -> Path:
    """Give a home with ten weeks of data that may be written to."""
    return shutil.copytree(own_home, tmp_path / "home")


def slides(review: Review, name: str) -> list[Slide]:
    """Make the slides of one section."""
    return PARTS[name][1](Agenda(review.week, review.picks, review.settings, review.cut.beginning))


def drawn_with(exhibit: Exhibit) -> dict[str, Any]:
    """Give what a picture is drawn with."""
    assert isinstance(exhibit.draw, partial)
    return exhibit.draw.keywords


# What it says


def test_every_section_has_its_maker_and_its_word() -> None:
    assert tuple(PARTS) == SECTIONS
    assert len({title for title, _ in PARTS.values()}) == len(SECTIONS)


def test_picks_are_the_songs_flagged_since_the_last_review(review: Review) -> None:
    said = review.week.kept
    assert said is not None
    alerts = said.alerts[said.alerts["rule"].isin(["breakout", "catch_them_early", "reactivation"])]
    flagged = set(alerts.loc[alerts["last_at"] > review.since, "sound_id"])
    assert {one for pick in review.picks for one in (pick.sound_id, *pick.versions)} == flagged
    assert {pick.change for pick in review.picks} == {"new", "still rising", "pace not known", "cooling"}
    assert [pick.change == "cooling" for pick in review.picks] == sorted(
        pick.change == "cooling" for pick in review.picks
    )


def test_what_changed_tells_of_every_pick_of_both_reviews(review: Review) -> None:
    frame = review.changes.frame
    then = {pick.song_id for pick in review.week.picks_then}
    assert set(frame["sound_id"]) >= {pick.sound_id for pick in (*review.picks, *review.week.picks_then)} - then
    assert (frame["status"] != "").all()
    dropped = frame[frame["change"] == "dropped"]
    assert len(dropped)
    assert set(dropped["why"]) == {"no rule has flagged it since"}


def test_where_we_were_wrong_stands_with_the_day_and_the_pace(review: Review) -> None:
    wrong = review.week.wrong
    assert len(wrong)
    due = wrong["alerted_at"] + pd.to_timedelta(wrong["weeks"].astype("int64") * 7, unit="D")
    assert ((due > review.since) & (due <= review.as_of)).all()
    (slide,) = [slide for slide in slides(review, "changes") if slide.title.startswith("We were wrong")]
    assert f"{wrong['alert_id'].nunique()} alert" in slide.title
    assert "its old pace" in slide.bullets[0]


def test_the_summary_says_markets_coverage_and_credits(review: Review) -> None:
    (slide,) = slides(review, "summary")
    assert slide.title == review.headline
    assert "markets Brazil, United Kingdom, United States" in slide.finding
    assert "60 sounds: " in slide.finding
    assert f"{review.week.credits:,} credits spent since the last review" in slide.finding
    assert slide.exhibits[0].frame["sound_id"].tolist() == [pick.sound_id for pick in review.picks]


def test_the_top_twenty_are_below_the_limit_and_fit_their_slides(review: Review) -> None:
    frames = [slide.exhibits[0].frame for slide in slides(review, "top")]
    assert [len(frame) for frame in frames] == [10, 10]
    assert pd.concat(frames)["rank"].is_monotonic_increasing
    assert (pd.concat(frames)["total_uses"] < 100_000).all()


def test_each_pick_has_a_page_with_what_is_known_and_what_would_change_it(review: Review) -> None:
    pages = slides(review, "breakouts")
    assert all(
        page.title.startswith(plain_text(pick.name, 59).rstrip("…"))
        for page, pick in zip(pages, review.picks, strict=True)
    )
    for page, pick in zip(pages, review.picks, strict=True):
        names = [exhibit.name for exhibit in page.exhibits]
        assert names in (["velocity", "regions", "creators"], ["velocity"])
        assert [bullet.split(":")[0] for bullet in page.bullets] == [
            "Next", "Who", "With, last 28 days", "Song", "What would change this", "Use",
        ]  # fmt: skip
        assert page.bullets[-1].endswith("rights must be confirmed")
        assert pick.said in page.finding
        assert page.caveat
        heading, *links = page.links or [None]
        assert heading is None or (heading.words, heading.target) == ("Most viewed, last 7 days:", "")
        assert all(link.target.startswith("https://www.tiktok.com/") for link in links)
    assert max(len(page.links) for page in pages) == 4


def test_nothing_that_a_slide_of_the_practice_world_rests_on_is_cut(review: Review) -> None:
    for slide in review.deck.slides:
        plan = planned(slide, review.deck.caption(slide))
        assert not plan.caption.words.is_cut, slide.title
        assert plan.points is None or not any(point.is_cut for point in plan.points.points), slide.title


def test_a_sound_without_a_week_of_its_own_says_its_age_as_the_caveat(review: Review) -> None:
    (young,) = (page for page in slides(review, "breakouts") if page.title.startswith("Strawberry Passport"))
    assert young.caveat.startswith("first seen 6 days ago, so there is no whole week to compare with")


def test_a_crossing_is_drawn_and_told_with_its_least_gain_and_status(review: Review) -> None:
    (slide,) = slides(review, "crossovers")
    assert "4% → 41% of its creators, at least +26 points, ok" in slide.finding
    assert slide.exhibits[0].draw is not None
    assert {"at_least_by", "status"} <= set(slide.exhibits[0].table)


def test_what_to_post_with_today_says_how_sure_its_growth_is(review: Review) -> None:
    brief = slides(review, "hashtags")[-1]
    shown = brief.exhibits[0].table
    assert shown["growth"].str.contains("[", regex=False).all()
    assert shown["status"].notna().all()
    assert brief.caveat.startswith("3 of 5 may not grow: their interval reaches 1×")


def test_better_than_chance_is_quoted_at_the_same_horizon_for_all(review: Review) -> None:
    (rates,) = (slide for slide in slides(review, "ledger") if slide.title.startswith("Better than chance"))
    assert rates.title.startswith("Better than chance after 1 week: ")
    assert all("after 1 week" in bullet for bullet in rates.bullets)


def test_a_page_shows_the_same_numbers_as_the_sound_itself(review: Review) -> None:
    pick = next(one for one in review.picks if one.is_standing)
    page = slides(review, "breakouts")[review.picks.index(pick)]
    sound = review.week.desk.sound(pick.sound_id)
    velocity, regions, creators = page.exhibits
    pd.testing.assert_frame_equal(regions.frame, sound.regions().frame.reset_index(drop=True))
    own = sound.creators(top=4).frame
    assert creators.frame["creator_id"].tolist() == own["creator_id"].tolist()
    assert velocity.frame["day"].tolist() == sound.velocity().frame["day"].tolist()[:35]
    stood = drawn_with(velocity)["alerts"]
    assert len(stood)
    pd.testing.assert_frame_equal(stood, sound.evidence.standing)


def test_a_picture_marks_what_was_recorded_and_not_what_todays_rules_would_say(home: Path) -> None:
    (home / "rules.toml").write_text("[breakout]\nwatch_evidence = 1000\n")
    review = open_monitor(home).review()
    standing = next(one for one in review.picks if "breakout" in one.said)
    assert review.week.board is not None
    assert not review.week.board.flags["alert"].isin(["watch", "confirmed"]).any()
    lineup = review.week.lined_up([standing.sound_id])[standing.sound_id]
    assert len(drawn_with(lineup.velocity(standing.sound_id))["alerts"])


def test_a_woken_sound_that_is_no_longer_watched_is_named_without_a_picture(review: Review) -> None:
    week = replace(review.week)
    others = week.songs[~week.songs["sound_id"].isin(week.everything["sound_id"])]
    lost = [*others["sound_id"].tolist()[:1], "404"]
    row = week.read("alerts").head(len(lost)).assign(rule="reactivation", last_at=week.as_of, subject_id=lost)
    vars(week)["read"] = lambda _: row
    (slide,) = boards.reactivated(Agenda(week, review.picks, review.settings))
    assert "sound 404" in slide.title
    assert ": ," not in slide.title
    assert all(exhibit.name == "velocity" for exhibit in slide.exhibits)


def test_what_we_said_ourselves_is_no_answer_of_a_source(review: Review) -> None:
    sources = next(slide.exhibits[0] for slide in slides(review, "appendix") if "credits" in slide.title)
    assert "tiklive" in set(sources.frame["provider"])
    assert "trendlib" not in set(sources.frame["provider"])
    assert (review.week.read("calls")["provider"] == "trendlib").any()


def test_a_hashtag_stands_in_the_ledger_under_its_name(review: Review) -> None:
    assert review.week.kept is not None
    said = review.week.kept.alerts
    of_tags = said[said["subject"] == "hashtag"]
    assert len(of_tags)
    assert (of_tags["title"] == "#" + of_tags["subject_id"]).all()


def test_the_ledger_tells_of_what_fell_due_and_of_chance(review: Review) -> None:
    due, *record = slides(review, "ledger")
    told = due.exhibits[0].frame
    assert len(told) == len(review.week.told)
    hits, known = (told["outcome"] == "hit").sum(), told["outcome"].isin(["hit", "miss"]).sum()
    assert due.title == f"{hits} of {known} outcomes that fell due this week hit"
    assert [slide.exhibits[0].name for slide in record] == ["hit_rates", "ledger"]


def test_why_not_answers_for_each_named_sound_and_for_one_that_is_not_there(review: Review) -> None:
    settings = replace(Settings(), why_not=("Glass Lemonade", "no such song"))
    there, lost = slides(replace(review, settings=settings), "why_not")
    assert there.exhibits[0].name == "why"
    assert "Glass Lemonade" in there.title
    assert (lost.exhibits, "can't be told" in lost.title) == ((), True)


def test_the_appendix_names_rules_versions_and_what_known_then_means(review: Review) -> None:
    found = slides(review, "appendix")
    rules = next(slide for slide in found if slide.exhibits and slide.exhibits[0].name == "rules")
    versions = rules.exhibits[0].frame.set_index("rule")["asked since the last review as"]
    assert versions["breakout"] == review.week.desk.rules["breakout"].version
    assert not rules.caveat
    assert any("nothing is said in hindsight" in bullet for bullet in rules.bullets)


def test_a_rule_that_was_changed_since_says_so(home: Path) -> None:
    (home / "rules.toml").write_text("[breakout]\nwatch_evidence = 9\n")
    found = open_monitor(home).review()
    rules = next(slide for slide in slides(found, "appendix") if slide.title.startswith("What stands here"))
    assert "breakout has changed since it was asked" in rules.caveat
    assert [pick.sound_id for pick in found.picks], "recorded alerts stay said"


def test_sections_are_those_of_the_settings_in_their_order(review: Review) -> None:
    few = replace(review, settings=Settings(sections=("appendix", "summary", "why_not")))
    assert [section.name for section in few.sections] == ["appendix", "summary"]
    assert {slide.section for slide in few.sections[0].slides} == {"Appendix"}
    assert few.deck.title == "Monday review, 16 Nov 2026"
    assert few.deck.is_practice


def test_it_shows_itself_in_a_terminal_and_in_a_notebook(review: Review) -> None:
    assert repr(review).startswith("Review(as of 2026-11-16T07:01:00Z, since 2026-11-09T07:01:00Z; ")
    assert review.picks[0].title in repr(review)
    shown = review._repr_html_()
    assert review.headline in shown
    assert "Practice data" in shown


# As of when


def test_since_must_lie_before_it(practice_home: Path) -> None:
    monitor = Monitor.of_practice(practice_home)
    with pytest.raises(ConfigError, match="since must lie before it"):
        monitor.review(since=monitor.as_of)


def test_an_instant_without_a_zone_is_refused(practice_home: Path) -> None:
    with pytest.raises(ConfigError, match="no time zone"):
        Monitor.of_practice(practice_home).review(since=datetime(2026, 11, 9))  # noqa: DTZ001 - that is what is wrong


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=5, sounds=10, hashtags=1, days=24)


@pytest.fixture(scope="module")
def recorded(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a recording of that world's days."""
    file = tmp_path_factory.mktemp("recorded") / "all.jsonl"
    with Server(world, rate_per_minute=None) as server:
        record(server.source, file, SweepPlan(most_pages=2, creators=0))
    return file


def mondays(world: World) -> list[datetime]:
    end = world.end.replace(hour=7) - timedelta(days=1)
    return [end - WEEK, end]


def printed(home: Path, as_of: datetime, folder: Path) -> dict[str, bytes]:
    """Print a review with what a team set."""
    files = open_monitor(home).review(as_of=as_of).save(folder, ["html"] if as_of.day % 2 else ["pptx"])
    return {file.name: file.read_bytes() for file in files}


def test_past_mondays_print_as_they_did_on_those_days(world: World, recorded: Path, tmp_path: Path) -> None:
    """Load what each day knew, record alerts, note, print; then print all of them again from the whole store."""
    home = tmp_path / "home"
    home.mkdir()
    sections = [name for name in SECTIONS if name not in {"crossovers", "hashtags"}]
    (home / "review.toml").write_text(f"picks = 1\nsections = {json.dumps(sections)}\n")
    config = Config.load(home=home)
    lines = recorded.read_text(encoding="utf-8").splitlines(keepends=True)
    known, then = 0, []
    for monday in mondays(world):
        until = [line for line in lines[known:] if json.loads(line)["fetched_at"] < utc_text(monday)]
        part = tmp_path / f"until-{monday:%m-%d}.jsonl"
        part.write_text("".join(until), encoding="utf-8")
        known += len(until)
        replay([part], config)
        Monitor(config, as_of=monday).record_alerts()
        review = Monitor(config, as_of=monday).review()
        if review.picks:
            review.note(review.picks[0].sound_id, f"heard on {monday:%d %b}")
        then.append(printed(home, monday, tmp_path / f"then-{monday:%m-%d}"))
    again = [printed(home, monday, tmp_path / f"again-{monday:%m-%d}") for monday in mondays(world)]
    assert then == again
    assert len({one for files in then for one in files.values()}) == 2


# The team's hand


def test_dropping_adding_ordering_and_noting_are_kept_with_the_save(home: Path, tmp_path: Path) -> None:
    review = open_monitor(home).review()
    first, second, *_ = review.picks
    cut = review.drop(first.title).add("Glass Lemonade").order("Glass Lemonade")
    cut = cut.note("Glass Lemonade", "saw it  live").note(second.sound_id, "call the label")
    assert review.picks[0].name == first.name, "a review is never changed"
    cut = replace(cut, settings=Settings(sections=("summary",)))
    cut.save(tmp_path / "out", ["html"])
    again = open_monitor(home).review()
    assert [pick.title for pick in again.picks][:2] == ["Glass Lemonade", second.title]
    assert [pick.note for pick in again.picks][:2] == ["saw it live", "call the label"]
    assert first.sound_id not in [pick.sound_id for pick in again.picks]
    gone = again.changes.frame.set_index("sound_id").loc[first.sound_id]
    assert (gone["change"], gone["why"]) == ("dropped", "taken out by the team")
    noted = open_monitor(home).ledger().frame.set_index("alert_id")["note"]
    assert noted[second.alert_ids[0]] == "call the label"
    assert "Our note: call the label" in slides(again, "breakouts")[1].bullets


def test_the_next_review_remembers_what_the_team_made_of_this_one(home: Path, tmp_path: Path) -> None:
    last_monday = open_monitor(home).as_of - WEEK
    before = open_monitor(home, as_of=last_monday).review()
    added = before.add("Glass Lemonade").drop(before.picks[0].sound_id)
    replace(added, settings=Settings(sections=("summary",))).save(tmp_path / "r.html")
    late = last_monday + timedelta(seconds=90)
    now = open_monitor(home).review(since=late)
    then = now.week.picks_then
    assert "Glass Lemonade" in [pick.title for pick in then]
    assert before.picks[0].sound_id not in [pick.sound_id for pick in then]
    taken_over = open_monitor(home, as_of=late).review()
    assert (taken_over.cut.dropped, taken_over.cut.added) == (added.cut.dropped, added.cut.added)
    assert "taken over from the review of" in repr(taken_over)
    assert "taken over from the review of" in slides(taken_over, "summary")[0].caveat
    assert taken_over.as_saved().cut == added.cut
    lost = now.changes.frame.set_index("title").loc["Glass Lemonade"]
    number = (now.changes.frame["change"] == "dropped").sum()
    assert (lost["change"], f"{number} dropped" in now.headline) == ("dropped", True)
    again = now.add("Glass Lemonade")
    assert again.changes.frame["title"].tolist().count("Glass Lemonade") == 1
    assert "1 by hand" in again.headline
    assert f"{number - 1} dropped" in again.headline
    assert again.drop("Glass Lemonade").headline == now.headline


def test_a_pick_that_is_none_or_several_is_said_so(review: Review) -> None:
    with pytest.raises(NoDataError, match=r"'no such' ?; no pick has it: .*Give more, or the id"):
        review.drop("no such")
    with pytest.raises(NoDataError, match="picks have it"):
        review.drop("e")
    with pytest.raises(ConfigError, match="note nothing"):
        review.note(review.picks[0].sound_id, "  ")


def test_an_unknown_format_is_refused_before_anything_is_made(review: Review, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'docx' is no format of a review; there are: html, pptx, pdf"):
        review.save(tmp_path, ["docx"])
    assert list(tmp_path.iterdir()) == []


# Odd and empty homes


def test_a_home_without_data_gives_a_review_that_says_what_is_missing(tmp_path: Path) -> None:
    home = tmp_path / "empty"
    home.mkdir()
    found = Monitor(Config.load(home=home)).review()
    assert found.picks == []
    assert found.headline == "Nothing is known yet: no sound was ever read"
    for section in found.sections:
        for slide in section.slides:
            assert slide.title
            assert slide.exhibits or slide.finding or slide.bullets
    assert {section.name for section in found.sections} == {*SECTIONS} - {"why_not"}
    assert "no data yet" in found.deck.subtitle
    assert all(slide.exhibits or slide.bullets for slide in found.deck.slides), "what shows nothing shares a slide"
    (quiet,) = (slide for slide in found.deck.slides if slide.section == "Quiet")
    assert quiet.title.startswith("Nothing to show: What changed, Top 20 by growth, Breakouts")
    assert "Ledger: The ledger is empty" in " ".join(quiet.bullets)


def test_without_recorded_alerts_the_rules_are_asked_anew_and_the_review_says_so(home: Path) -> None:
    monitor = open_monitor(home)
    early = monitor.review(as_of=monitor.as_of + timedelta(days=3), since=monitor.as_of + timedelta(days=1))
    assert not early.week.is_recorded
    assert {pick.change for pick in early.picks} <= {"new"}
    assert "the rules are asked anew" in slides(early, "summary")[0].caveat


def test_a_first_review_says_that_there_is_none_to_compare_with_and_names_no_part_both_shown_and_empty(
    home: Path,
) -> None:
    for recording in (home / "archive").glob("*.gz"):
        if b'"provider":"trendlib"' in gzip.decompress(recording.read_bytes())[:2000].replace(b" ", b""):
            recording.unlink()
    rebuild(Config.load(home=home))
    monitor = open_monitor(home)
    record_alerts(monitor.config, monitor.board, clock=lambda: monitor.as_of)
    found = open_monitor(home).review()
    assert found.week.is_first
    assert "so every pick counts as new" in slides(found, "summary")[0].caveat
    assert "there is no last review to compare with" in slides(found, "changes")[0].finding
    assert slides(found, "ledger")[0].title == "No alert is old enough to be told"
    (quiet,) = (slide for slide in found.deck.slides if slide.section == "Quiet")
    there = {slide.section for slide in found.deck.slides}
    assert quiet.title == "Nothing to show: Ledger"
    assert "Ledger" not in there


ODD_TITLES = (
    "x" * 300,
    "\u05e9\u05dc\u05d5\u05dd \u202eevil\u202c",
    "🎧" * 40,
    "<script>alert(1)</script>",
    "=1+1",
    "",
)


@pytest.fixture
def many(review: Review) -> Any:
    """Give a function that makes a review of so many picks with odd titles."""

    def of(number: int) -> Review:
        ids = review.week.everything["sound_id"].tolist()
        picks = [
            replace(
                review.picks[0], sound_id=ids[place % len(ids)], title=ODD_TITLES[place % len(ODD_TITLES)], artist=""
            )
            for place in range(number)
        ]
        odd = replace(review, settings=Settings(sections=("summary", "changes", "breakouts"), picks=200))
        vars(odd)["picks"] = picks
        return odd

    return of


@pytest.mark.parametrize("number", [0, 1, 12, 60])
def test_any_number_of_picks_with_any_title_gives_a_page_each(many: Any, number: int) -> None:
    odd = many(number)
    summary, changes, pages = odd.sections
    assert len(pages.slides) == max(number, 1)
    assert all(slide.title.strip() for section in odd.sections for slide in section.slides)
    assert sum(len(slide.exhibits[0].frame) for slide in changes.slides if slide.exhibits) >= number
    assert len(summary.slides[0].exhibits) == (number > 0)

"""The review: its picks, the team's hand in them, its sections, and the files they are printed to.

A review is never changed: dropping, adding, ordering and noting give another one. Notes are kept at once, beside the
alert they speak of; what the team made of the picks is kept when the review is saved, and is there again when the same
instant is reviewed anew. The same store, instant and settings give the same bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from trendlib.deliver import PRACTICE, Message
from trendlib.errors import ConfigError, NoDataError
from trendlib.review import appendix, boards, breakouts, hashtags, opening, past
from trendlib.review.cut import Cut, cut_before, cut_file, cut_near, read_cut, write_cut
from trendlib.review.desk import Desk
from trendlib.review.picks import Pick
from trendlib.review.settings import Settings, read_settings
from trendlib.review.week import WEEK, Agenda, Week
from trendlib.runs.run import OnProgress, silent, utc_now
from trendlib.schema import utc_text
from trendlib.show import page
from trendlib.show.canvas import Words
from trendlib.show.deck import Deck, Slide, save
from trendlib.show.exhibits import Exhibit
from trendlib.show.theme import day_words, plain_text, time_words

FORMATS = ("html", "pptx", "pdf")
PARTS: Mapping[str, tuple[str, Callable[[Agenda], list[Slide]]]] = {
    "summary": ("This week", opening.summary),
    "changes": ("What changed", opening.changes),
    "top": ("Top 20 by growth", boards.top),
    "breakouts": ("Breakouts", breakouts.breakouts),
    "crossovers": ("Crossovers", boards.crossovers),
    "reactivated": ("Old songs awake", boards.reactivated),
    "hashtags": ("Hashtags", hashtags.hashtags),
    "ledger": ("Ledger", past.ledger),
    "why_not": ("Why not", past.why_not),
    "appendix": ("Appendix", appendix.appendix),
}


@dataclass(frozen=True)
class Section:
    """A part of a review.

    Attributes
    ----------
    name
        Its name in ``review.toml``.
    title
        The word above its slides.
    slides
        What it shows; each says what is missing.
    """

    name: str
    title: str
    slides: tuple[Slide, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Review:
    """What the team looks at on Monday, as data.

    Parameters
    ----------
    week
        What happened since the last review.
    settings
        What stands in it, in which order, and whose it is.
    cut
        The team's hand in the picks.
    """

    week: Week
    settings: Settings
    cut: Cut

    @property
    def as_of(self) -> datetime:
        """The instant it shows the world as known at."""
        return self.week.as_of

    @property
    def since(self) -> datetime:
        """The last review's instant."""
        return self.week.since

    @property
    def title(self) -> str:
        """What the deck is called."""
        return f"{self.settings.title}, {day_words(self.as_of)}"

    @property
    def headline(self) -> str:
        """The whole review in one sentence."""
        return opening.headline(self.week, self.picks)

    @property
    def message(self) -> Message:
        """The review in a few lines, to be delivered once: ``monitor.outbox().message(review.message)``."""
        is_practice = self.week.desk.is_practice
        told = f"since {day_words(self.since)} · as of {time_words(self.as_of)}"
        return Message(
            key=f"review {self.as_of:%Y-%m-%d}",
            title=self.title,
            lines=(self.headline, *(f"{pick.change}: {pick.name}" for pick in self.picks[: self.settings.picks])),
            small_print=f"{PRACTICE} · {told}" if is_practice else told,
            facts={"Rule": "review", "Alerted at": self.as_of, "Practice": "practice data" if is_practice else None},
        )

    @cached_property
    def picks(self) -> list[Pick]:
        """The songs that get a page, in the order of their pages; the first ``settings.picks`` of them do."""
        return self.week.picks(self.cut)

    @property
    def table(self) -> Exhibit:
        """The picks with what is measured of each and what the team wrote."""
        return opening.pick_exhibit(self.week, self.picks, self.settings)

    @property
    def changes(self) -> Exhibit:
        """What became of this review's and the last one's picks."""
        return opening.change_exhibit(self.week, opening.change_table(self.week, self.picks))

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The sections in the order of the settings; one that shows nothing is left out."""
        return self.made()

    def made(self, on_progress: OnProgress = silent) -> tuple[Section, ...]:
        """Make the sections, and tell how far it is.

        Parameters
        ----------
        on_progress
            Told the stage, how many sections are done and of how many.
        """
        if "sections" in vars(self):
            return self.sections
        agenda, found = Agenda(self.week, self.picks, self.settings, self.cut.beginning), []
        for done, name in enumerate(self.settings.sections, start=1):
            title, make = PARTS[name]
            slides = tuple(replace(slide, section=title) for slide in make(agenda))
            on_progress("writing the review", done, len(self.settings.sections))
            if slides:
                found.append(Section(name, title, slides))
        vars(self)["sections"] = tuple(found)
        return self.sections

    @property
    def deck(self) -> Deck:
        """The review as slides."""
        covered = self.week.desk.tally() if len(self.week.everything) else "no data yet"
        span = f"{day_words(self.since)} to {time_words(self.as_of)}"
        spent = f"{self.week.credits:,} credits since the last review"
        return Deck(
            title=self.title,
            as_of=self.as_of,
            slides=self._slides,
            subtitle=" · ".join((span, opening.markets_words(self.week), covered, spent)),
            brand=self.settings.brand,
            is_practice=self.week.desk.is_practice,
        )

    @property
    def _slides(self) -> list[Slide]:
        """All slides, but that those with nothing to show become points of one, before the appendix."""
        slides = [slide for section in self.sections for slide in section.slides]
        bare = [slide for slide in slides if not (slide.exhibits or slide.bullets)]
        if not bare:
            return slides
        kept = [slide for slide in slides if slide.exhibits or slide.bullets]
        silent_parts = dict.fromkeys(slide.section for slide in bare)
        empty = [part for part in silent_parts if part not in {slide.section for slide in kept}]
        quiet = Slide(
            title=f"Nothing to show: {', '.join(empty)}" if empty else f"Quiet in part: {', '.join(silent_parts)}",
            bullets=[
                f"{slide.section}: " + ". ".join(words for words in (slide.title, slide.finding) if words)
                for slide in bare
            ],
            source="; ".join(dict.fromkeys(slide.source for slide in bare if slide.source)),
            section="Quiet",
        )  # fmt: skip
        end = next((place for place, slide in enumerate(kept) if slide.section == PARTS["appendix"][0]), len(kept))
        return [*kept[:end], quiet, *kept[end:]]

    def as_saved(self) -> "Review":
        """Give the review with the team's hand as it was saved on its UTC day, nearest to its instant.

        The data may have moved on by a minute since the team looked at them.
        """
        return self._with(cut_near(self._folder, self.as_of, timedelta(days=1), is_same_day=True))

    def drop(self, *names: str) -> "Review":
        """Give the review without some picks.

        Parameters
        ----------
        *names
            Each a pick's id or part of its title.
        """
        picks = [self._pick(name) for name in names]
        versions = {one for pick in picks for one in pick.versions}
        cut = replace(self.cut, added=tuple(one for one in self.cut.added if one not in versions))
        return self._with(cut.with_dropped(pick.sound_id for pick in picks))

    def add(self, *names: str) -> "Review":
        """Give the review with more sounds as picks, also those it had dropped.

        Parameters
        ----------
        *names
            Each a watched sound's id, address or part of its title.
        """
        return self._with(self.cut.with_added(self.week.desk.sound(name).sound_id for name in names))

    def order(self, *names: str) -> "Review":
        """Give the review with some picks first, in this order.

        Parameters
        ----------
        *names
            Each a pick's id or part of its title.
        """
        first = tuple(self._pick(name).sound_id for name in names)
        return self._with(replace(self.cut, order=tuple(dict.fromkeys(first))))

    def note(self, name: str, text: str) -> "Review":
        """Write a note beside a pick: it is kept beside its newest alert, and stands in the ledger from then on.

        Parameters
        ----------
        name
            The pick's id or part of its title.
        text
            What to write; the latest note is the one shown.

        Returns
        -------
            The review with the note. Of a pick put in by hand, which no alert stands behind, the note is kept with
            the review when it is saved.

        Raises
        ------
        ConfigError
            If the text is empty.
        """
        pick, words = self._pick(name), " ".join(text.split())
        if not words:
            raise ConfigError(f"Asked to note nothing on {pick.name}; give a text.")
        if not pick.alert_ids:
            return self._with(replace(self.cut, notes={**self.cut.notes, pick.sound_id: words}))
        self.week.desk.note(pick.alert_ids[0], words)
        return replace(self, week=replace(self.week))

    def save(
        self, where: str | Path = "out", formats: Sequence[str] = ("html", "pptx"), *, on_progress: OnProgress = silent
    ) -> list[Path]:
        """Write the deck, and keep what the team made of the picks.

        Parameters
        ----------
        where
            A folder, for ``review-2026-11-16.html`` and so on; or one file that ends in html, pptx or pdf.
        formats
            Which files to write into a folder.
        on_progress
            Told the stage, how much is done and of how much.

        Returns
        -------
            The files, in the order asked for.

        Raises
        ------
        ConfigError
            If a format is not known or a file cannot be written.
        PictureError
            If a pdf is asked for and no browser can print it; the files before it are written.
        """
        target = Path(where).expanduser()
        is_file = target.suffix.lower().removeprefix(".") in FORMATS
        wrong = next((one for one in formats if one not in FORMATS), None)
        if wrong is not None and not is_file:
            raise ConfigError(f"{wrong!r} is no format of a review; there are: {', '.join(FORMATS)}")
        self.made(on_progress)
        if self.cut != read_cut(self._folder, self.as_of) or not cut_file(self._folder, self.as_of).exists():
            write_cut(self.cut, self._folder, self.as_of)
        stem = f"review-{self.as_of:%Y-%m-%d}"
        files = [target] if is_file else [target / f"{stem}.{kind}" for kind in dict.fromkeys(formats)]
        deck, written = self.deck, []
        for done, file in enumerate(files, start=1):
            written.append(save(deck, file))
            on_progress("writing files", done, len(files))
        return written

    def __repr__(self) -> str:
        """Say as of when, and list the picks."""
        span = f"as of {utc_text(self.as_of)}, since {utc_text(self.since)}"
        begun = f"; {self.cut.beginning}" if self.cut.beginning else ""
        return f"Review({span}; {len(self.picks)} picks{begun})\n{self.table!r}"

    def _repr_html_(self) -> str:
        parts = ", ".join(PARTS[name][0] for name in self.settings.sections)
        found = "; ".join(filter(None, (self.headline, self.cut.beginning)))
        head = page.heading(Words(self.title, f"{found}. The deck's sections: {parts}."))
        return page.leaf(head) + self.table.fragment()

    @property
    def _folder(self) -> Path:
        return self.week.desk.config.reviews_folder

    def _with(self, cut: Cut) -> "Review":
        return replace(self, cut=cut)

    def _pick(self, name: str) -> Pick:
        """Find a pick by its id or part of its title."""
        text = str(name).strip().casefold()
        ids = [pick for pick in self.picks if text in {pick.sound_id, *pick.versions}]
        exact = [pick for pick in self.picks if pick.title.casefold() == text]
        found = ids or exact or [pick for pick in self.picks if text and text in pick.name.casefold()]
        if len(found) == 1:
            return found[0]
        listed = "; ".join(plain_text(pick.name, 60) for pick in (found or self.picks)[:5])
        said = f"{len(found)} picks have it" if found else "no pick has it"
        raise NoDataError(
            f"Asked for the pick {str(name)!r}; {said}: {listed or 'there is none'}. Give more, or the id."
        )


class Reviewed(Desk):
    """A desk that the Monday review is made at."""

    def review(self, *, as_of: datetime | None = None, since: datetime | None = None) -> Review:
        """Make the Monday review: what changed, the picks, what crosses borders, and what became of past alerts.

        Parameters
        ----------
        as_of
            The review's instant; by default this monitor's. A past one gives the review as it was known then.
        since
            The last review's instant; by default a week before.

        Returns
        -------
            The review as data: ``.picks``, ``.changes``, ``.sections``; ``.drop``, ``.add``, ``.order`` and ``.note``
            give it with the team's hand in it, ``.save("out/")`` writes the deck. Its sections and brand are set in
            ``review.toml``.

        Raises
        ------
        ConfigError
            If ``since`` does not lie before it, an instant has no time zone, or ``review.toml`` is not understood.
        """
        desk = self._desk(as_of)
        begin = desk.as_of - WEEK if since is None else desk.at(since).as_of
        if begin >= desk.as_of:
            raise ConfigError(
                f"Asked for a review as of {utc_text(desk.as_of)} since {utc_text(begin)}; since must lie before it."
            )
        settings = read_settings(desk.config.home)
        cut = cut_before(desk.config.reviews_folder, desk.as_of, begin)
        return Review(Week(desk, begin), settings, cut)

    def _desk(self, as_of: datetime | None) -> Desk:
        """Take the desk of an instant; one without data stands at this minute."""
        if as_of is not None:
            return self.at(as_of)
        with suppress(NoDataError):
            self.as_of  # noqa: B018 - raises where nothing was ever known
            return self
        return self.at(utc_now().replace(second=0, microsecond=0))

"""How numbers, other people's text and colours are shown."""

import json

import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendlib.schema import Status
from trendlib.show import theme

UNSEEN = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\x00\x1b\x07"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (7, "7"),
        (950, "950"),
        (999.6, "1K"),
        (12_345, "12.3K"),
        (99_950, "100K"),
        (123_456, "123K"),
        (999_960, "1M"),
        (1_200_000, "1.2M"),
        (3_400_000_000, "3.4B"),
        (5_000_000_000_000, "5,000B"),
        (-1500, "−1.5K"),
        (-0.001, "0"),
        (2.44, "2.4"),
        (0.04, "0.04"),
        (None, "–"),
        (float("nan"), "–"),
        (float("inf"), "–"),
        (pd.NA, "–"),
        (pd.NaT, "–"),
    ],
)
def test_numbers_are_written_short(number, shown):
    assert theme.short_number(number) == shown


@given(st.floats(min_value=0, max_value=9.99e11))
def test_a_short_number_never_needs_more_than_five_signs(number):
    assert len(theme.short_number(number)) <= 5


@given(st.tuples(st.floats(0.1, 1e12), st.floats(0.1, 1e12)))
def test_short_numbers_keep_their_order(pair):
    def back(shown):
        unit = {"K": 1e3, "M": 1e6, "B": 1e9}.get(shown[-1], 1)
        return float(shown.rstrip("KMB").replace(",", "")) * unit

    low, high = sorted(pair)
    assert back(theme.short_number(low)) <= back(theme.short_number(high))


def test_a_ratio_is_written_with_its_interval():
    assert theme.ratio_words(3.4, 2.0, 5.25) == "3.4× [2.0–5.2]"
    assert theme.ratio_words(21, 2.1, 4530) == "21.0× [2.1–4.5K]"
    assert theme.ratio_words(None, None, None) == "–"


def test_times_are_told_in_utc_whatever_zone_they_come_in():
    seoul = pd.Timestamp("2022-04-20 08:30", tz="Asia/Seoul")
    assert theme.time_words(seoul) == "Tue 19 Apr 2022, 23:30 UTC"
    assert theme.day_words(seoul) == "19 Apr 2022"


@given(st.text(max_size=300))
def test_safe_text_holds_nothing_that_html_or_plotly_would_interpret(text):
    safe = theme.safe_text(text)
    assert not set(safe) & set("<>\"'$\n\r\t")
    assert not set(safe) & (set(UNSEEN) - {"\u2068", "\u2069"})


@given(st.text(max_size=3000), st.integers(3, 90))
def test_plain_text_is_one_short_line(text, limit):
    shown = theme.plain_text(text, limit)
    assert len(shown) <= limit
    assert len(shown.splitlines()) <= 1


def test_direction_signs_are_taken_out_and_leftward_words_isolated():
    assert theme.plain_text(f"a{UNSEEN}b") == "ab"
    assert theme.safe_text("حب") == "\u2068حب\u2069"
    assert theme.safe_text("love") == "love"


def test_a_joined_emoji_stays_joined():
    assert theme.plain_text("👩\u200d🎤") == "👩\u200d🎤"


def test_ten_thousand_signs_become_a_short_line():
    assert theme.plain_text("x" * 10_000, limit=30) == "x" * 29 + "…"


def test_every_status_has_a_look_and_the_words_of_the_schema():
    assert set(theme.STATUS_LOOKS) == set(Status)
    assert len({look.sign for look in theme.STATUS_LOOKS.values()}) == len(Status)
    assert [theme.status_words(status) for status in Status] == [status.words for status in Status]
    assert theme.status_look("<b>").sign == "·"


def test_no_colour_of_a_palette_has_two_purposes():
    colors = len(theme.LIGHT.__dataclass_fields__) + len(theme.RAMP) + len(theme.SCALE)
    assert len(theme.DARKENED) == len(set(theme.DARKENED.values())) == colors


@pytest.mark.parametrize("worn", [lambda color: color, theme.DARKENED.get])
def test_a_ramp_goes_from_near_the_paper_to_far_from_it(worn):
    paper = worn(theme.LIGHT.paper)
    apart = [contrast(worn(color), paper) for color in theme.RAMP]
    assert apart == sorted(apart)
    sides = [contrast(worn(color), paper) for color in theme.SCALE]
    assert sides[:4] == sorted(sides[:4], reverse=True)
    assert sides[3:] == sorted(sides[3:])
    assert min(sides[0], sides[-1], apart[-1]) > 4


def test_shares_are_written_in_whole_percent_and_little_is_never_nothing():
    assert [theme.share_words(share) for share in (0.5, 0.004, 0, float("nan"), pd.NA)] == [
        "50%",
        "<1%",
        "0%",
        "–",
        "–",
    ]


def contrast(one, other):
    def light(color):
        parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted([light(one), light(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK])
def test_text_is_legible_and_bars_are_visible_on_their_paper(palette):
    assert contrast(palette.ink, palette.paper) > 10
    assert contrast(palette.muted, palette.paper) > 4.5
    assert contrast(palette.muted, palette.wash) > 4.5
    assert contrast(palette.accent, palette.paper) > 4.5
    assert contrast(palette.slate, palette.paper) > 3


def test_dressing_in_dark_swaps_colours_and_leaves_data_and_words_alone():
    figure = go.Figure(go.Bar(x=[theme.LIGHT.ink + " day"], y=[1], marker={"color": theme.LIGHT.slate}))
    figure.update_layout(title={"text": f'#17212b <span style="color:{theme.LIGHT.muted}">x</span>'})
    before = figure.to_json()
    dark = theme.dressed(figure, "dark")
    assert dark.data[0].marker.color == theme.DARK.slate
    assert dark.data[0].x[0] == theme.LIGHT.ink + " day"
    assert dark.layout.title.text == f'#17212b <span style="color:{theme.DARK.muted}">x</span>'
    assert figure.to_json() == before


def test_slides_have_larger_letters_and_the_same_data():
    figure = go.Figure(go.Bar(x=[1], y=[2]), layout={"template": theme.template(), "height": 400, "margin": {"l": 40}})
    slides = theme.dressed(figure, "slides")
    assert slides.layout.height == 500
    assert slides.layout.margin.l == 50
    assert slides.layout.template.layout.font.size == theme.template("slides").layout.font.size == 13 * 1.25
    assert list(slides.data[0].y) == [2]


def test_plotly_s_own_default_template_is_left_alone():
    assert pio.templates.default == "plotly"
    assert "trendlib" not in pio.templates


def test_the_toolbar_has_no_logo_and_its_settings_are_plain_json():
    assert not any(theme.CONFIG[name] for name in ("displaylogo", "showSendToCloud", "plotlyServerURL"))
    assert json.loads(json.dumps(dict(theme.CONFIG))) == theme.CONFIG


@pytest.mark.parametrize("look", ["light", "dark", "slides"])
def test_each_look_has_a_valid_template(look):
    layout = theme.template(look).layout
    assert layout.font.family == theme.FONT
    assert layout.paper_bgcolor == (theme.DARK if look == "dark" else theme.LIGHT).paper

"""Two small widgets for notebooks: a figure that can be exchanged and clicked, a list to choose from.

They hold no results. A `Stage` shows the figure of an exhibit, a `Listing` the rows of one, and both
only say what was clicked. They follow the notebook's light or dark at once, by exchanging colours in
the browser. What they are handed is data: text is set as text, never as markup, and no address is
ever asked for.
"""

import json
from collections.abc import Sequence
from typing import Any

import anywidget
import plotly.graph_objects as go
import traitlets
from plotly.offline import get_plotlyjs

from trendlib.show.theme import CONFIG, DARK, DARKENED, FONT, LIGHT

_STAGE = """
const isDark = () => document.body.dataset.jpThemeLight
  ? document.body.dataset.jpThemeLight === "false" : matchMedia("(prefers-color-scheme: dark)").matches;

function render({ model, el }) {
  const stage = document.createElement("div");
  stage.className = "trendlib-stage";
  stage.setAttribute("role", "img");
  el.append(stage);
  function draw() {
    const { figure, config, darkened, label } = model.get("sheet");
    stage.hidden = !figure;
    if (!figure) return;
    stage.setAttribute("aria-label", label);
    const inDark = (text) => text.replace(/(?<="(?=#.{6}")|color:)#[0-9a-f]{6}/g, (color) => darkened[color] ?? color);
    const worn = isDark() ? JSON.parse(inDark(JSON.stringify(figure))) : figure;
    globalThis.Plotly.react(stage, worn.data, worn.layout, config).then(() => {
      stage.removeAllListeners?.("plotly_click");
      stage.on("plotly_click", ({ points: [point] }) => model.send({
        trace: point.data.name ?? "", x: point.x ?? null, y: point.y ?? null, customdata: point.customdata ?? null,
      }));
      stage.dataset.drawn = String(Number(stage.dataset.drawn ?? 0) + 1);
    });
  }
  const copy = ({ copy }) => copy && navigator.clipboard?.writeText(copy).catch(() => {});
  const watcher = new MutationObserver(draw);
  watcher.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  const look = matchMedia("(prefers-color-scheme: dark)");
  look.addEventListener("change", draw);
  model.on("change:sheet", draw);
  model.on("msg:custom", copy);
  const size = new ResizeObserver(() => stage.data && globalThis.Plotly.Plots.resize(stage));
  size.observe(el);
  draw();
  return () => {
    watcher.disconnect(); size.disconnect(); look.removeEventListener("change", draw);
    model.off("change:sheet", draw); model.off("msg:custom", copy);
    globalThis.Plotly.purge(stage);
  };
}
export default { render };
"""

_LISTING = """
function render({ model, el }) {
  const list = document.createElement("div");
  list.className = "trendlib-listing";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", model.get("label"));
  el.append(list);
  const choose = (id) => { model.set("chosen", id); model.save_changes(); };
  function mark() {
    for (const row of list.children) {
      const isChosen = row.dataset.id === model.get("chosen");
      row.setAttribute("aria-selected", String(isChosen));
      row.tabIndex = isChosen || (!model.get("chosen") && row === list.firstChild) ? 0 : -1;
    }
    if (!list.querySelector('[tabindex="0"]') && list.firstChild) list.firstChild.tabIndex = 0;
  }
  function draw() {
    list.replaceChildren(...model.get("rows").map(({ id, texts }) => {
      const row = document.createElement("div");
      row.setAttribute("role", "option");
      row.dataset.id = id;
      row.append(...texts.map((text) => { const cell = document.createElement("span"); cell.textContent = text;
        return cell; }));
      row.onclick = () => choose(id);
      return row;
    }));
    mark();
  }
  list.onkeydown = (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    const row = event.target.closest("[role=option]");
    if (!row) return;
    if (event.key in steps) {
      const next = steps[event.key] > 0 ? row.nextElementSibling : row.previousElementSibling;
      next?.focus();
    } else if (event.key === "Enter" || event.key === " ") choose(row.dataset.id);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  model.on("change:rows", draw);
  model.on("change:chosen", mark);
  draw();
  return () => { model.off("change:rows", draw); model.off("change:chosen", mark); };
}
export default { render };
"""
_COLORS = (
    f"--ink: var(--jp-content-font-color1, {LIGHT.ink}); --muted: var(--jp-content-font-color2, {LIGHT.muted}); "
    f"--grid: var(--jp-border-color2, {LIGHT.grid}); --wash: var(--jp-layout-color2, {LIGHT.wash}); "
)
_LISTING_STYLE = f"""
.trendlib-listing {{ {_COLORS} color: var(--ink); font: 13px/1.4 {FONT}; overflow-y: auto; max-height: 640px; }}
.trendlib-listing [role=option] {{ display: grid; grid-template-columns: 1.8em 1fr auto; gap: 0 8px; cursor: pointer; }}
.trendlib-listing [role=option] {{ padding: 6px 8px; border-bottom: 1px solid var(--grid); border-left: 3px solid
  transparent; }}
.trendlib-listing [role=option]:hover {{ background: var(--wash); }}
.trendlib-listing [aria-selected=true] {{ border-left-color: {LIGHT.accent}; background: var(--wash); }}
.trendlib-listing span {{ overflow: hidden; text-overflow: ellipsis; white-space: nowrap; unicode-bidi: isolate; }}
.trendlib-listing span:nth-child(1) {{ color: var(--muted); text-align: right; }}
.trendlib-listing span:nth-child(3) {{ font-weight: 600; text-align: right; font-variant-numeric: tabular-nums; }}
.trendlib-listing span:nth-child(n+4) {{ grid-column: 2 / 4; color: var(--muted); font-size: 12px; }}
"""
_STAGE_STYLE = f"""
.trendlib-stage {{ min-height: 60px; }}
.trendlib-stage text {{ font-variant-numeric: tabular-nums; }}
:root {{ --trendlib-paper: {LIGHT.paper}; --trendlib-paper-dark: {DARK.paper}; }}
"""


class Stage(anywidget.AnyWidget):
    """A figure in a notebook, exchanged whole by `show`; `on_click` hears the point that was clicked.

    The library that draws is part of plotly's package: nothing comes from the network.
    """

    # plotly's file leaves its name on the window; said once here, the first stage of a page fills it.
    _esm = traitlets.Unicode(f"if (!globalThis.Plotly) {{ {get_plotlyjs()} }}\n{_STAGE}").tag(sync=True)
    _css = traitlets.Unicode(_STAGE_STYLE).tag(sync=True)
    sheet = traitlets.Dict({}).tag(sync=True)

    def show(self, figure: go.Figure | None, label: str = "") -> None:
        """Exchange the figure; None hides the stage."""
        drawn = None if figure is None else json.loads(figure.to_json())
        self.sheet = {"figure": drawn, "config": dict(CONFIG), "darkened": dict(DARKENED), "label": label}

    def copy(self, text: str) -> None:
        """Put a text on the reader's clipboard."""
        self.send({"copy": text})


class Listing(anywidget.AnyWidget):
    """Rows to choose one from, by mouse or by keyboard; ``chosen`` is its id."""

    _esm = traitlets.Unicode(_LISTING).tag(sync=True)
    _css = traitlets.Unicode(_LISTING_STYLE).tag(sync=True)
    rows = traitlets.List([]).tag(sync=True)
    chosen = traitlets.Unicode("").tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)

    def show(self, rows: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Exchange the rows, each an id and its texts: place, name, number, and what stands beneath."""
        fresh: list[dict[str, Any]] = [{"id": thing, "texts": list(texts)} for thing, texts in rows]
        self.rows = fresh

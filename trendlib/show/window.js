const el = (name, attributes = {}, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
};
const isDark = () => document.body.dataset.jpThemeLight
  ? document.body.dataset.jpThemeLight === "false" : matchMedia("(prefers-color-scheme: dark)").matches;
const unpacked = (buffer) => new Response(new Blob([buffer]).stream().pipeThrough(new DecompressionStream("gzip"))).text();

// One of several, reached by Tab and moved through by arrows, as tabs and choices are everywhere.
function oneOf(name, role, mark, ask) {
  const node = el("div", { role: role === "tab" ? "tablist" : "radiogroup", class: `tl-${role}s` });
  node.addEventListener("keydown", (event) => {
    const all = [...node.children];
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const place = all.indexOf(event.target.closest("button"));
    const next = step ? all.at((place + step) % all.length) : { Home: all[0], End: all.at(-1) }[event.key];
    if (!next) return;
    next.focus();
    next.click();
    event.preventDefault();
  });
  let known = "";
  return { node, update({ label, options, value }) {
    node.setAttribute("aria-label", label);
    if (JSON.stringify(options) !== known) {
      known = JSON.stringify(options);
      node.replaceChildren(...options.map(([words, option]) => {
        const button = el("button", { type: "button", role, "data-value": option }, words);
        button.onclick = () => { show(option); ask(name, option); };
        return button;
      }));
    }
    show(value);
  } };
  function show(value) {
    for (const button of node.children) {
      const isOn = button.dataset.value === value;
      button.setAttribute(mark, String(isOn));
      button.tabIndex = isOn ? 0 : -1;
    }
  }
}

function choice(name, ask) {
  const select = el("select");
  const words = el("span");
  select.onchange = () => ask(name, select.value);
  return { node: el("label", { class: "tl-choice" }, words, select), update({ label, options, value }) {
    words.textContent = label;
    select.replaceChildren(...options.map(([text, option]) => el("option", { value: option }, text)));
    select.value = value;
  } };
}

function pressed(name, ask) {
  const button = el("button", { type: "button", class: "tl-button" });
  button.onclick = () => ask(name, null);
  return { node: button, update({ label, hint }) { button.textContent = label; button.title = hint ?? ""; } };
}

// The slider shows at once where it stands; what is shown follows as fast as it is answered.
function slider(name, ask) {
  const range = el("input", { type: "range", min: 0, step: 1 });
  const play = el("button", { type: "button", class: "tl-button tl-play" });
  const last = el("button", { type: "button", class: "tl-button" }, "Latest");
  const time = el("output");
  let texts = [], timer = 0;
  const words = el("span");
  const show = () => {
    time.textContent = texts[range.value] ?? "";
    range.setAttribute("aria-valuetext", time.textContent);
    range.style.setProperty("--share", `${(100 * range.value) / Math.max(1, range.max)}%`);
    last.disabled = range.value === range.max;
  };
  const go = (place) => { range.value = place; show(); ask(name, Number(range.value)); };
  const stop = () => { clearInterval(timer); timer = 0; play.textContent = "▶"; play.setAttribute("aria-label", "Play day by day"); };
  play.onclick = () => {
    if (timer) { stop(); return; }
    play.textContent = "❚❚";
    play.setAttribute("aria-label", "Stop playing");
    if (range.value === range.max) go(0);
    timer = setInterval(() => { if (Number(range.value) < Number(range.max)) go(Number(range.value) + 1); else stop(); }, 400);
  };
  last.onclick = () => { stop(); go(range.max); };
  range.oninput = () => { stop(); go(range.value); };
  stop();
  const node = el("div", { class: "tl-time" }, el("label", {}, words, range), play, last, time);
  return { node, stop, update({ label, options, value }) {
    words.textContent = label;
    texts = options;
    range.max = options.length - 1;
    if (!timer && document.activeElement !== range) range.value = value;
    show();
  } };
}

// A search box whose answers are listed beneath it: arrows move, Enter opens, Escape closes.
function finder(model, ask, id) {
  const input = el("input", { type: "search", role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false",
    "aria-controls": `${id}-found`, autocomplete: "off", spellcheck: "false" });
  const list = el("div", { role: "listbox", id: `${id}-found`, class: "tl-found", "aria-label": "Found" });
  const node = el("div", { class: "tl-finder" }, input, list);
  let active = -1;
  const options = () => [...list.querySelectorAll("[role=option]")];
  const close = () => { list.hidden = true; active = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
  const take = ({ act, id }) => { close(); input.value = ""; ask(act, id); };
  function move(to) {
    active = to;
    options().forEach((one, place) => one.setAttribute("aria-selected", String(place === to)));
    const one = options()[to];
    if (!one) { input.removeAttribute("aria-activedescendant"); return; }
    input.setAttribute("aria-activedescendant", one.id);
    one.scrollIntoView({ block: "nearest" });
  }
  function draw() {
    const { text, found, note } = model.get("finds");
    if (!input.value || text !== input.value || document.activeElement !== input) return;
    const rows = found.map((one, place) => {
      const row = el("div", { role: "option", id: `${id}-found-${place}` }, el("b", {}, one.name), el("i", {}, one.beneath));
      row.onmousedown = (event) => { event.preventDefault(); take(one); };
      return row;
    });
    list.replaceChildren(...(note ? [el("p", {}, note)] : []), ...rows);
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    move(rows.length ? 0 : -1);
  }
  input.oninput = () => (input.value ? ask("search", input.value) : close());
  input.onblur = close;
  input.onkeydown = (event) => {
    const count = options().length;
    if (event.key === "ArrowDown" && count) move((active + 1) % count);
    else if (event.key === "ArrowUp" && count) move((active - 1 + count) % count);
    else if (event.key === "Escape") { input.value = ""; close(); }
    else if (event.key === "Enter" && input.value) {
      const { text, found } = model.get("finds");
      take(text === input.value && found[active] ? found[active] : { act: "open", id: input.value });
    } else return;
    event.preventDefault();
  };
  model.on("change:finds", draw);
  close();
  return { node, update({ label }) { input.placeholder = label; input.setAttribute("aria-label", label); } };
}

// Rows to choose from. Days are drawn small: a bar a day, nothing where nothing is known.
function listing(model, ask) {
  const head = el("div", { class: "tl-head" });
  const again = el("button", { type: "button", class: "tl-button" });
  const list = el("div", { role: "listbox", class: "tl-list" });
  const rest = el("p");
  again.onclick = () => ask("rank", null);
  function bars(days) {
    const name = (kind, attributes) => {
      const node = document.createElementNS("http://www.w3.org/2000/svg", kind);
      for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
      return node;
    };
    const svg = name("svg", { viewBox: `0 0 ${3 * days.length} 18`, width: 3 * days.length, height: 18, "aria-hidden": "true" });
    const top = Math.max(1, ...days);
    days.forEach((count, place) => {
      if (count === null) return;
      const height = Math.max(1, (18 * count) / top);
      svg.append(name("rect", { x: 3 * place, y: 18 - height, width: 2, height }));
    });
    return svg;
  }
  function row({ id, place, name, number, sign, status, beneath, flag, days }) {
    const words = el("span", { class: "tl-beneath" }, ...(flag ? [el("em", {}, flag), " "] : []), beneath);
    const node = el("div", { role: "option", "data-id": id, title: status }, el("span", { class: "tl-place" }, place),
      el("b", {}, name), el("span", { class: "tl-number" }, sign, el("b", {}, number)), words, bars(days));
    node.onclick = () => { node.focus(); ask("open", id); };
    return node;
  }
  function mark() {
    const chosen = model.get("sheet").chosen;
    const all = [...list.children];
    const held = all.find((one) => one === document.activeElement) ?? all.find((one) => one.dataset.id === chosen) ?? all[0];
    for (const one of all) {
      one.setAttribute("aria-selected", String(one.dataset.id === chosen));
      one.tabIndex = one === held ? 0 : -1;
    }
  }
  function write() {
    const { label, rest: others, again: offer } = model.get("listing");
    head.replaceChildren(el("span", {}, label), again);
    again.hidden = !offer;
    again.textContent = offer;
    list.setAttribute("aria-label", label);
    rest.textContent = others;
    rest.hidden = !others;
  }
  function draw() {
    list.replaceChildren(...model.get("rows").map(row));
    mark();
  }
  list.onkeydown = (event) => {
    const all = [...list.querySelectorAll("[role=option]")];
    const place = all.indexOf(event.target);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -all.length, End: all.length }[event.key];
    if (step) all[Math.min(all.length - 1, Math.max(0, place + step))].focus();
    else if (event.key === "Enter" || event.key === " ") event.target.click();
    else return;
    event.preventDefault();
  };
  model.on("change:listing", write);
  model.on("change:rows", draw);
  model.on("change:sheet", mark);
  write();
  draw();
  return el("div", { class: "tl-listing" }, head, list, rest);
}

function stage(model, ask) {
  const node = el("div", { class: "tl-stage", role: "img", "data-drawn": "0" });
  let library, isHeard = false, isDrawing = false, isStale = false;
  const drawing = () => library ??= new Promise((resolve) => {
    if (globalThis.Plotly) { resolve(globalThis.Plotly); return; }
    model.on("msg:custom", async ({ plotly }, [packed] = []) => {
      if (!plotly) return;
      const address = URL.createObjectURL(new Blob([await unpacked(packed)], { type: "text/javascript" }));
      await import(address);
      URL.revokeObjectURL(address);
      resolve(globalThis.Plotly);
    });
    model.send({ what: "plotly" });
  });
  const inDark = (text, darkened) =>
    text.replace(/(?<="(?=#.{6}")|color:)#[0-9a-f]{6}/g, (color) => darkened[color] ?? color);
  async function draw() {
    isStale = true;
    if (isDrawing) return;
    isDrawing = true;
    try {
      while (isStale) { isStale = false; await drawOnce(); }
    } finally { isDrawing = false; }
  }
  async function drawOnce() {
    node.hidden = !model.get("sheet").figure;
    if (node.hidden) return;
    const plotly = await drawing();
    const { figure, heading } = model.get("sheet");
    if (!figure || !node.isConnected) return;
    const { config, darkened } = model.get("look");
    const worn = JSON.parse(isDark() ? inDark(JSON.stringify(figure), darkened) : JSON.stringify(figure));
    node.setAttribute("aria-label", heading);
    node.style.height = `${worn.layout.height}px`; // plotly forgets a figure's height when its width changes
    if (node.layout?.shapes?.some(({ layer }) => layer === "between")) { // plotly leaves such strokes in the next figure
      plotly.purge(node);
      node.replaceChildren();
      isHeard = false;
    }
    await plotly.react(node, worn.data, worn.layout, config);
    if (!isHeard) {
      node.on("plotly_click", ({ points: [{ x, y, customdata, data }] }) =>
        ask("point", { kind: data.type, x: x ?? null, y: y ?? null, customdata: customdata ?? null }));
    }
    isHeard = true;
    node.dataset.drawn = String(Number(node.dataset.drawn) + 1);
  }
  const size = new ResizeObserver(() => requestAnimationFrame(() => {
    if (!node.isConnected || node.hidden) return;
    if (isHeard) globalThis.Plotly.Plots.resize(node); else draw(); // it has a width only now
  }));
  size.observe(node);
  model.on("change:sheet", draw);
  return { node, draw, leave() { size.disconnect(); if (isHeard) globalThis.Plotly.purge(node); } };
}

async function copied(text) {
  try { await navigator.clipboard.writeText(text); return true; } catch { /* an address without https has no clipboard */ }
  const area = el("textarea", {}, text);
  document.body.append(area);
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  return isDone;
}

function render({ model, el: root }) {
  const id = `tl-${Math.random().toString(36).slice(2)}`;
  const shell = el("section", { class: "tl-window", "aria-label": model.get("label"), "aria-busy": "false" });
  const places = Object.fromEntries(["top", "time", "tabs", "options", "foot"].map((place) => [place, el("div", { class: `tl-${place}` })]));
  const badge = el("span", { class: "tl-badge" }, model.get("badge"));
  const heading = el("h3"), subtitle = el("p", { class: "tl-subtitle" }), words = el("div", { class: "tl-words" });
  const summary = el("summary"), caption = el("p", { class: "tl-caption" });
  const fold = el("details", {}, summary);
  const said = el("p", { class: "tl-said", role: "status" });

  // What is asked again before the last is answered waits, and only its newest value is sent.
  let isWaiting = false;
  const later = new Map();
  function ask(what, value) {
    if (isWaiting) { later.set(what, value); return; }
    isWaiting = true;
    // Whoever asked at the top of a tall window does not see its foot.
    if (places.top.contains(document.activeElement)) places.top.after(said); else shown.append(said);
    shell.setAttribute("aria-busy", "true");
    model.send({ what, value });
  }
  function answered() {
    isWaiting = false;
    shell.setAttribute("aria-busy", "false");
    const [next] = later;
    if (!next) return;
    later.delete(next[0]);
    ask(...next);
  }

  const make = {
    tabs: (name) => oneOf(name, "tab", "aria-selected", ask), radios: (name) => oneOf(name, "radio", "aria-checked", ask),
    choice: (name) => choice(name, ask), button: (name) => pressed(name, ask), slider: (name) => slider(name, ask),
    finder: () => finder(model, ask, id),
  };
  const made = new Map();
  function control() {
    for (const one of model.get("controls")) {
      if (!made.has(one.name)) {
        made.set(one.name, make[one.kind](one.name));
        made.get(one.name).node.dataset.control = one.name;
        places[one.place].append(made.get(one.name).node);
      }
      made.get(one.name).node.hidden = Boolean(one.hidden);
      made.get(one.name).update(one);
    }
  }
  function write() {
    const sheet = model.get("sheet");
    heading.textContent = sheet.heading;
    subtitle.textContent = sheet.subtitle;
    caption.textContent = sheet.caption;
    summary.textContent = sheet.fold;
    fold.hidden = !sheet.fold;
    if (sheet.fold) fold.append(words); else if (sheet.figure) caption.after(words); else caption.before(words);
    words.innerHTML = sheet.table; // written by trendlib.show.page, which makes other people's text harmless
  }
  const say = (text) => { said.textContent = text; };
  const hear = async (message) => {
    if (message.answered) answered();
    if ("copy" in message) say(await copied(message.copy) ? message.done : message.failed);
  };
  const sayAgain = () => say(model.get("said"));

  const scene = stage(model, ask);
  const main = el("div", { class: "tl-main" });
  if (model.get("rows").length) main.append(listing(model, ask));
  const shown = el("div", { class: "tl-shown" }, places.tabs, places.options, heading, subtitle, el("div", { class: "tl-scroll" }, scene.node), caption, words, fold, places.foot, said);
  main.append(shown);
  if (model.get("badge")) places.top.append(badge);
  shell.append(places.top, places.time, main);
  root.append(shell);

  // JupyterLab would take plain keys for its own before they come here; Ctrl+S and the like stay its own.
  const keep = (event) => shell.contains(event.target) && event.target.toggleAttribute(
    "data-lm-suppress-shortcuts", !(event.ctrlKey || event.metaKey || event.altKey));
  globalThis.addEventListener("keydown", keep, true);
  function dress() { shell.classList.toggle("tl-dark", isDark()); scene.draw(); }
  const watcher = new MutationObserver(dress);
  watcher.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  const look = matchMedia("(prefers-color-scheme: dark)");
  look.addEventListener("change", dress);
  model.on("change:controls", control);
  model.on("change:sheet", write);
  model.on("change:said", sayAgain);
  model.on("msg:custom", hear);
  control();
  write();
  sayAgain();
  dress();
  return () => {
    globalThis.removeEventListener("keydown", keep, true);
    watcher.disconnect();
    look.removeEventListener("change", dress);
    for (const { stop } of made.values()) stop?.();
    scene.leave();
    model.off();
  };
}
export default { render };

const el = (name, attributes, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
};
const isHttps = (address) => { try { return new URL(address).protocol === "https:"; } catch { return false; } };
const folded = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

function render({ model, el: root }) {
  root.classList.add("tl-picker");
  const search = el("input", { type: "search", placeholder: "Search title, artist, album", "aria-label": "Search tracks" });
  const covers = el("button", { type: "button", "aria-pressed": "false" }, "Show covers");
  const head = el("div", { class: "tl-head" }, search, covers);
  const list = el("div", { role: "listbox", tabindex: "0", "aria-label": model.get("label"), class: "tl-list" });
  const count = el("div", { class: "tl-count", role: "status" });
  const picked = el("div", { class: "tl-picked", role: "status" });
  const audio = el("audio", { preload: "none", controls: "", hidden: "" });
  root.append(head, count, list, audio, picked);
  const tracks = model.get("tracks");
  let shown = [], active = 0, hasCovers = false;

  function play(track) {
    if (!isHttps(track.preview)) return;
    if (audio.src !== track.preview) audio.src = track.preview;
    audio.hidden = false;
    audio.paused ? audio.play().catch(() => { count.textContent = "The preview could not be played."; }) : audio.pause();
  }

  function row(track, place) {
    const facts = el("span", { class: "tl-facts" }, track.facts);
    const words = el("span", { class: "tl-words" }, el("b", {}, track.title), el("i", {}, track.artist), facts);
    const button = el("button", { type: "button", tabindex: "-1", "aria-label": `Play ${track.title}` }, "Play");
    button.disabled = !isHttps(track.preview);
    button.addEventListener("click", (event) => { event.stopPropagation(); choose(place, false); play(track); });
    const option = el("div", { role: "option", id: `${root.id}-${place}`, "aria-selected": "false" }, words, button);
    if (hasCovers) {
      const cover = el("span", { class: "tl-cover" });
      if (isHttps(track.cover)) cover.append(el("img", { src: track.cover, alt: "", loading: "lazy", referrerpolicy: "no-referrer" }));
      option.prepend(cover);
    }
    option.addEventListener("click", () => choose(place, true));
    return option;
  }

  function draw() {
    const words = folded(search.value).split(/\s+/).filter(Boolean);
    shown = tracks.filter((track) => { const text = folded(track.search); return words.every((word) => text.includes(word)); });
    active = Math.max(0, shown.findIndex((track) => track.id === model.get("picked")));
    list.replaceChildren(...shown.map(row));
    count.textContent = shown.length === tracks.length ? `${tracks.length} tracks` : `${shown.length} of ${tracks.length} tracks`;
    mark();
  }

  function mark() {
    const id = model.get("picked");
    [...list.children].forEach((option, place) => {
      option.setAttribute("aria-selected", String(shown[place].id === id));
      option.classList.toggle("tl-active", place === active);
    });
    const option = list.children[active];
    if (option) { list.setAttribute("aria-activedescendant", option.id); option.scrollIntoView({ block: "nearest" }); }
    else list.removeAttribute("aria-activedescendant");
    const track = tracks.find((one) => one.id === id);
    picked.replaceChildren();
    if (track) {
      picked.append(el("b", {}, "Picked: "), `${track.title} · ${track.artist}`, el("pre", {}, track.payload), el("i", {}, model.get("honoured")));
    } else picked.append(el("i", {}, "Nothing picked yet: press Enter on a track, or click it."));
  }

  function choose(place, isPicked) {
    active = place;
    if (isPicked && shown[place]) { model.set("picked", shown[place].id); model.save_changes(); }
    mark();
  }

  const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -1e9, End: 1e9 };
  list.addEventListener("keydown", (event) => {
    if (event.key in moves) choose(Math.min(shown.length - 1, Math.max(0, active + moves[event.key])), false);
    else if (event.key === "Enter") choose(active, true);
    else if (event.key === " " && shown[active]) play(shown[active]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  search.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "ArrowDown" || event.key === "Enter") { event.preventDefault(); list.focus(); }
  });
  search.addEventListener("input", draw);
  covers.addEventListener("click", () => {
    hasCovers = !hasCovers;
    covers.setAttribute("aria-pressed", String(hasCovers));
    covers.textContent = hasCovers ? "Hide covers" : "Show covers";
    draw();
  });
  model.on("change:picked", mark);
  root.id ||= `tl-picker-${Math.random().toString(36).slice(2)}`;
  draw();
  return () => { audio.pause(); model.off("change:picked", mark); };
}
export default { render };

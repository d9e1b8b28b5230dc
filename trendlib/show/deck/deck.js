"use strict";
const slides = [...document.querySelectorAll(".slide")];
const dark = matchMedia("(prefers-color-scheme: dark)");
const notes = document.querySelector(".notes");
const overview = document.getElementById("overview");
const help = document.getElementById("help");
const drawn = new Map();
let sheet = null;
let place = 0;
let isPrinted = false;

async function unpacked(id) {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (sign) => sign.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
}

async function begin() {
  try {
    const library = document.createElement("script");
    library.textContent = await unpacked("library");
    document.head.append(library);
    sheet = JSON.parse(await unpacked("charts"));
  } catch (error) {
    // A browser from before 2023: what a picture shows is said in words, and its table stands behind it.
    for (const part of document.querySelectorAll(".chart")) part.textContent = part.getAttribute("aria-label");
    throw error;
  }
  draw(slides[place]);
}

function worn(chart) {
  const { template, darkened } = sheet;
  const figure = { data: chart.data, layout: { ...chart.layout, template } };
  if (!dark.matches || isPrinted) return structuredClone(figure);
  const inDark = (text) => text.replace(/(?<="(?=#.{6}")|color:)#[0-9a-f]{6}/g, (color) => darkened[color] ?? color);
  return JSON.parse(inDark(JSON.stringify(figure)));
}

function draw(slide) {
  if (!sheet) return;
  const look = dark.matches && !isPrinted ? "dark" : "light";
  for (const part of slide.querySelectorAll(".chart")) {
    if (drawn.get(part) === look) continue;
    const figure = worn(sheet.charts[part.dataset.chart]);
    Plotly.react(part, figure.data, figure.layout, sheet.config);
    drawn.set(part, look);
  }
}

// On a phone held upright a slide is too small to be read, so what its notes say stands beneath it.
function fit() {
  const isPhone = innerWidth < 720 && innerHeight > innerWidth;
  document.body.classList.toggle("phone", isPhone);
  const height = notes.classList.contains("open") ? innerHeight * 0.66 : innerHeight;
  const scale = Math.min(innerWidth / 1280, height / 720);
  const down = isPhone ? 0 : (height - 720 * scale) / 2;
  slides[place].style.transform = `translate(${(innerWidth - 1280 * scale) / 2}px, ${down}px) scale(${scale})`;
  notes.style.top = isPhone ? `${720 * scale}px` : "";
}

function show(number, isMoved = true) {
  place = Math.min(Math.max(number, 0), slides.length - 1);
  slides.forEach((slide, index) => slide.classList.toggle("current", index === place));
  const slide = slides[place];
  fit();
  draw(slide);
  document.querySelector(".progress").style.width = `${(100 * (place + 1)) / slides.length}%`;
  document.getElementById("said").textContent = `Slide ${place + 1} of ${slides.length}: ${slide.dataset.title}`;
  const next = slides[place + 1]?.dataset.title;
  notes.scrollTop = 0;
  notes.textContent = (slide.querySelector("template")?.content.textContent ?? "") + (next ? `\n\nNext: ${next}` : "");
  if (isMoved) history.replaceState(null, "", `#${place + 1}`);
  if (place + 1 < slides.length) setTimeout(() => { if (slides[place + 1]) draw(slides[place + 1]); }, 200);
}

function toggle(dialog) {
  if (dialog.open) dialog.close();
  else dialog.showModal();
}

const acts = {
  next: () => show(place + 1),
  back: () => show(place - 1),
  first: () => show(0),
  last: () => show(slides.length - 1),
  overview: () => toggle(overview),
  notes: () => { notes.classList.toggle("open"); fit(); },
  full: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen?.()),
  help: () => toggle(help),
};
const keys = {
  ArrowRight: "next", ArrowDown: "next", PageDown: "next", " ": "next", ArrowLeft: "back", ArrowUp: "back",
  PageUp: "back", Home: "first", End: "last", o: "overview", s: "notes", f: "full", "?": "help",
};
addEventListener("keydown", (event) => {
  const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  const isTyped = event.target.closest("summary, button, a, details[open]") && [" ", "Enter", "ArrowDown", "ArrowUp"].includes(event.key);
  if (!act || event.ctrlKey || event.metaKey || event.altKey || isTyped) return;
  if ((overview.open || help.open) && !["overview", "help"].includes(act)) return;
  event.preventDefault();
  acts[event.key === " " && event.shiftKey ? "back" : act]();
});
document.querySelectorAll("[data-act]").forEach((button) => button.addEventListener("click", () => acts[button.dataset.act]()));
overview.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link) return;
  event.preventDefault();
  overview.close();
  show(Number(link.hash.slice(1)) - 1);
});
let touched = null;
addEventListener("touchstart", (event) => { touched = event.touches.length === 1 ? event.touches[0] : null; }, { passive: true });
addEventListener("touchend", (event) => {
  if (!touched) return;
  const x = event.changedTouches[0].clientX - touched.clientX;
  const y = event.changedTouches[0].clientY - touched.clientY;
  if (Math.abs(x) > 60 && Math.abs(x) > 2 * Math.abs(y)) acts[x < 0 ? "next" : "back"]();
  touched = null;
}, { passive: true });
addEventListener("resize", fit);
addEventListener("hashchange", () => show(Number(location.hash.slice(1)) - 1 || 0, false));
dark.addEventListener("change", () => draw(slides[place]));
function drawAll() {
  isPrinted = true;
  slides.forEach(draw);
}
addEventListener("beforeprint", drawAll);
addEventListener("afterprint", () => { isPrinted = false; draw(slides[place]); });
document.body.classList.add("shown");
show(Number(location.hash.slice(1)) - 1 || 0, false);
// Whoever prints the page waits for this.
window.drawn = begin();

"use strict";
/* A report's page. Whatever an archive says goes into the page as text nodes, never as HTML, and pictures as data
 * addresses; the page's policy lets nothing else in and nothing out. */

const byId = id => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
const many = data.archives.length > 1;
const letter = index => String.fromCharCode(65 + index);
const GAP = 8, WORDS = 62, HEAD = 42; // pixels: between cards, below a picture, above a pair

/* ---- Texts ---- */

/* Control characters, and those that turn the order of text round, as people may see them. */
function visible(text, lines) {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, found => {
    const code = found.charCodeAt(0);
    if (lines && (found === "\n" || found === "\t"))
      return found;
    return code < 256 ? "\\x" + code.toString(16).padStart(2, "0") : "\\u" + code.toString(16);
  });
}

/* 0.69999999999999996 is how a file says 0.7, to the bit. */
const numbersShort = text => text.replace(/(^|[^\w.])(-?\d+\.\d{12,}(?:e[-+]?\d+)?)(?![\w.])/g,
  (all, before, number) => before + String(Number(number)));

const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
const shown = number => Math.abs(number) >= 1e5 || (number !== 0 && Math.abs(number) < 1e-3)
  ? number.toExponential(3) : String(Number(number.toFixed(5)));

/* A new element: its class, its text or children, and what it does when pressed. */
function make(tag, name, ...children) {
  const element = document.createElement(tag);
  if (name)
    element.className = name;
  for (const child of children)
    element.append(typeof child === "string" ? visible(child) : child);
  return element;
}

function button(name, pressed, ...children) {
  const element = make("button", name, ...children);
  element.type = "button";
  element.addEventListener("click", pressed);
  return element;
}

const isolated = text => make("bdi", "", text);

/* Names and texts, one below the other; rows without a text are left out. */
function facts(rows) {
  const list = make("dl");
  for (const [name, text, code] of rows)
    if (text !== undefined && text !== null && text !== "")
      list.append(make("dt", "", name), make("dd", code ? "code" : "", String(text)));
  return list;
}

function folded(title, content) {
  return make("details", "", make("summary", "", title), content);
}

function block(text) {
  const element = make("pre");
  element.textContent = visible(text, true);
  element.tabIndex = 0;
  return element;
}

/* ---- Renders ---- */

const renders = [];
data.archives.forEach((archive, a) => archive.renders.forEach((render, number) => renders.push({
  ...render, a, number, archive, shape: archive.shapes[render.shape], settings: archive.settings[render.settings],
  state: render.damaged === undefined ? render.state : "damaged"})));

const valueOf = (render, key) => key in render.settings.values ? numbersShort(render.settings.values[key]) : "not given";

/* The values that settings have among renders, of those that differ. */
function varying(list) {
  const used = [...new Set(list.map(render => render.settings))].map(settings => ({settings}));
  const keys = new Set(used.flatMap(one => Object.keys(one.settings.values)));
  const found = new Map();
  for (const key of keys) {
    const values = [...new Set(used.map(one => valueOf(one, key)))];
    if (values.length > 1)
      found.set(key, values.sort(inOrder));
  }
  return found;
}

const inOrder = (a, b) => isNaN(a) || isNaN(b) ? (a < b ? -1 : a > b ? 1 : 0) : Number(a) - Number(b);
const variants = varying(renders);

const lastWord = key => key.slice(key.lastIndexOf(".") + 1);

/* A key by its last word, where no other that differs has it: a card is narrow. */
const shortKey = key => [...variants.keys()].filter(other => lastWord(other) === lastWord(key)).length > 1 ? key : lastWord(key);

function detailOf(render) {
  const parts = [`${many ? letter(render.a) : ""}#${render.number}`, `seed ${render.seed}`];
  for (const key of variants.keys())
    parts.push(`${shortKey(key)} ${valueOf(render, key)}`);
  return parts.join(" · ");
}

/* ---- Pictures: data blocks behind the script, which may still be on their way ---- */

const arriving = new Set(); // functions to call again

function arrived() {
  const again = [...arriving];
  arriving.clear();
  again.forEach(call => call());
}

const timer = setInterval(arrived, 100);
document.addEventListener("DOMContentLoaded", () => { clearInterval(timer); arrived(); });

/* Calls back with the text of a block, or null where there is none; at once, if it can. */
function blockOf(id, call) {
  const element = byId(id);
  if (element && (document.readyState !== "loading" || element.nextSibling))
    call(element.textContent.trim());
  else if (document.readyState === "loading")
    arriving.add(() => blockOf(id, call));
  else
    call(null);
}

function imageMake([kind, base64], alternative, squares) {
  const image = make("img", squares ? "squares" : "");
  image.alt = alternative;
  image.decoding = "async";
  image.src = `data:image/${kind};base64,${base64}`;
  return image;
}

const isTiny = render => Math.max(render.shape.width, render.shape.height) <= data.page.thumbnail_side;

/* Why there is no picture, or why not to trust it. */
function noteOf(render) {
  if (render.state === "failed")
    return make("span", "note bad", `failed: ${render.reason}`);
  if (render.state === "pending")
    return make("span", "note quiet", "not finished");
  return make("span", "note bad", "damaged: no picture that has its SHA-256");
}

/* Fills a frame with a render's thumbnail. */
function thumbnailPut(frame, render) {
  if (render.state === "failed" || render.state === "pending") {
    frame.replaceChildren(noteOf(render));
    return;
  }
  blockOf(`t${render.a}-${render.number}`, text => {
    if (text === null)
      frame.replaceChildren(noteOf(render));
    else
      frame.replaceChildren(imageMake(text.split(" "), "", isTiny(render)));
    if (render.state === "damaged" && text !== null)
      frame.append(make("span", "flag", "damaged"));
  });
}

/* ---- Filters ---- */

const states = {done: "done", failed: "failed", pending: "not finished", damaged: "damaged"};
const filters = []; // {select, of: render → text}

function selectFill(select, choices) {
  for (const [value, text] of choices) {
    const option = make("option", "", text.length > 90 ? text.slice(0, 89) + "…" : text);
    option.value = value;
    select.append(option);
  }
}

/* A choice among the texts that renders have, where they have several. */
function filterAdd(name, of, label) {
  const texts = [...new Set(renders.map(of))];
  if (texts.length < 2)
    return;
  const select = make("select");
  select.name = name;
  selectFill(select, [["", "all"], ...texts.sort(inOrder).map((text, i) => [String(i + 1), label ? label(text) : text || "none"])]);
  byId("selects").append(make("label", "", name, select));
  filters.push({select, of, texts});
}

function filtersMake() {
  if (many)
    filterAdd("archive", render => String(render.a), text => `${letter(Number(text))}: ${data.archives[text].file}`);
  filterAdd("prompt", render => render.prompt);
  filterAdd("category", render => render.category || "");
  filterAdd("seed", render => render.seed);
  for (const key of variants.keys())
    filterAdd(key, render => valueOf(render, key));
  filterAdd("state", render => render.state, text => states[text]);
}

function filtered() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(word => word !== "");
  const chosen = filters.filter(filter => filter.select.value !== "")
    .map(filter => ({of: filter.of, text: filter.texts[Number(filter.select.value) - 1]}));
  return renders.filter(render => chosen.every(filter => filter.of(render) === filter.text) && words.every(word =>
    `${render.prompt}\n${render.id}\n${render.category || ""}\n${render.reason || ""}`.toLowerCase().includes(word)));
}

const lossOf = render => typeof render.loss === "number" ? render.loss : Infinity;
const orders = {
  "as in the study": () => 0,
  "prompt": (a, b) => inOrder(a.prompt, b.prompt),
  "lowest loss": (a, b) => lossOf(a) - lossOf(b) || 0,
  "highest loss": (a, b) => (lossOf(b) === Infinity ? -Infinity : lossOf(b)) - (lossOf(a) === Infinity ? -Infinity : lossOf(a)) || 0,
  "longest time": (a, b) => (b.seconds || 0) - (a.seconds || 0),
};

/* ---- Side by side ---- */

const sides = []; // {a, key, value}: an archive, or one value of a setting in it

function sidesMake() {
  data.archives.forEach((archive, a) => {
    sides.push({a});
    for (const [key, values] of varying(renders.filter(render => render.a === a)))
      values.slice(0, 50).forEach(value => sides.push({a, key, value}));
  });
  const choices = sides.map((side, i) => [String(i), (many ? `${letter(side.a)}: ` : "") +
    (side.key === undefined ? data.archives[side.a].file : `${side.key} = ${side.value}`)]);
  selectFill(byId("left"), choices);
  selectFill(byId("right"), choices);
  sidesReset();
  if (sides.length < 3 && !many)
    byId("mode").closest("label").hidden = true;
}

/* Two archives, or the first two values of one's first setting that differs. */
function sidesReset() {
  byId("left").value = many ? "0" : "1";
  byId("right").value = String(many ? sides.findIndex(side => side.a === 1) : 2);
}

const onSide = (render, side) => render.a === side.a && (side.key === undefined || valueOf(render, side.key) === side.value);

/* Rows of two renders of the same prompt and seed, and of the same value of every setting that differs on both sides.
 * Where a side has several, each has a row. */
function pairs(list) {
  const two = [byId("left"), byId("right")].map(select => sides[Number(select.value)]);
  const lists = two.map(side => list.filter(render => onSide(render, side)));
  const both = [...varying(lists[0]).keys()].filter(key => varying(lists[1]).has(key) && two.every(side => side.key !== key));
  const rows = new Map();
  lists.forEach((one, index) => one.forEach(render => {
    const key = JSON.stringify([render.prompt, render.seed, ...both.map(name => valueOf(render, name))]);
    const row = rows.get(key) || [[], []];
    row[index].push(render);
    rows.set(key, row);
  }));
  const found = [];
  for (const [left, right] of rows.values())
    for (let i = 0; i < Math.max(left.length, right.length); i++)
      found.push(left[i] || null, right[i] || null);
  return found;
}

/* ---- The grid: only what is in sight is there ---- */

const grid = byId("grid");
let items = [], heads = false, columns = 1, cell = 0, current = 0;
const cards = new Map(); // by place

const rowHeight = () => cell + WORDS + GAP + (heads ? HEAD : 0);
const leftOf = place => (place % columns) * (cell + GAP);
const topOf = place => Math.floor(place / columns) * rowHeight() + (heads ? HEAD : 0);

function place(element, left, top, width, height) {
  Object.assign(element.style, {left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px`});
}

function cardMake(position) {
  const render = items[position];
  if (render === null)
    return make("div", "blank", "no such render on this side");
  const frame = make("span", "frame");
  const words = make("span", "words", render.prompt);
  words.dir = "auto";
  const card = button("card", () => viewerOpen(position), frame, words, make("span", "detail", detailOf(render)));
  thumbnailPut(frame, render);
  return card;
}

function headMake(position) {
  const render = items[position] || items[position + 1];
  const head = make("div", "pair-head", isolated(render.prompt), ` · seed ${render.seed}`);
  head.dir = "auto";
  return head;
}

function cardPut(position) {
  const card = cardMake(position);
  const holder = make("div", "", card);
  holder.setAttribute("role", "listitem");
  holder.setAttribute("aria-setsize", items.length);
  holder.setAttribute("aria-posinset", position + 1);
  place(card, leftOf(position), topOf(position), cell, cell + WORDS);
  if (heads && position % 2 === 0) {
    const head = headMake(position);
    place(head, 0, topOf(position) - HEAD, 2 * cell + GAP, HEAD);
    holder.prepend(head);
  }
  grid.append(holder);
  cards.set(position, holder);
}

function currentMark() {
  for (const [position, holder] of cards) {
    const card = holder.querySelector(".card");
    if (!card)
      continue;
    card.tabIndex = position === current ? 0 : -1;
    card.classList.toggle("current", position === current);
  }
}

function paint() {
  const top = grid.getBoundingClientRect().top;
  const rows = Math.ceil(items.length / columns);
  const first = Math.max(0, Math.floor(-top / rowHeight()) - 1) * columns;
  const last = Math.min(rows, Math.ceil((innerHeight - top) / rowHeight()) + 1) * columns;
  for (const [position, holder] of cards)
    if ((position < first || position >= last) && !holder.contains(document.activeElement)) {
      holder.remove();
      cards.delete(position);
    }
  for (let position = first; position < Math.min(last, items.length); position++)
    if (!cards.has(position))
      cardPut(position);
  currentMark();
}

function layOut() {
  const width = grid.clientWidth;
  columns = heads ? 2 : Math.max(2, Math.floor((width + GAP) / (170 + GAP)));
  cell = Math.floor(Math.min(heads ? 420 : Infinity, (width - GAP * (columns - 1)) / columns));
  grid.style.height = `${Math.ceil(items.length / columns) * rowHeight()}px`;
  cards.forEach(holder => holder.remove());
  cards.clear();
  paint();
}

function refresh() {
  heads = byId("mode").value === "pairs";
  byId("sides").hidden = !heads;
  const list = filtered().sort(orders[byId("order").value]);
  items = heads ? pairs(list) : list;
  current = Math.max(0, items.findIndex(render => render !== null));
  const there = items.filter(render => render !== null).length;
  byId("count").textContent = (there === renders.length ? plural(there, "render") : `${there} of ${plural(renders.length, "render")}`) +
    (heads ? ` in ${plural(items.length / 2, "pair")}` : "");
  byId("nothing").hidden = items.length > 0;
  layOut();
}

/* Goes to a card: it is scrolled into sight, made, and has the focus. */
function goTo(position) {
  const top = grid.getBoundingClientRect().top + topOf(position) - (heads ? HEAD : 0);
  const bottom = top + rowHeight();
  if (top < 0)
    window.scrollBy(0, top - GAP);
  else if (bottom > innerHeight)
    window.scrollBy(0, bottom - innerHeight + GAP);
  current = position;
  paint();
  const card = cards.get(position) && cards.get(position).querySelector(".card");
  if (card)
    card.focus({preventScroll: true});
}

/* The nearest place with a render in that direction, or -1. */
function stepFrom(position, step) {
  for (let next = position + step; next >= 0 && next < items.length; next += step)
    if (items[next] !== null)
      return next;
  return -1;
}

grid.addEventListener("keydown", event => {
  const page = Math.max(1, Math.floor(innerHeight / rowHeight())) * columns;
  const steps = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, PageUp: -page, PageDown: page};
  if (event.altKey || event.ctrlKey || event.metaKey || !event.target.closest(".card"))
    return;
  let next = -1;
  if (event.key in steps)
    next = stepFrom(current, steps[event.key]);
  else if (event.key === "Home")
    next = stepFrom(-1, 1);
  else if (event.key === "End")
    next = stepFrom(items.length, -1);
  else
    return;
  event.preventDefault();
  if (next >= 0)
    goTo(next);
});
grid.addEventListener("focusin", event => {
  for (const [position, holder] of cards)
    if (holder.contains(event.target))
      current = position;
  currentMark();
});
let painting = false;
window.addEventListener("scroll", () => {
  if (!painting)
    requestAnimationFrame(() => { painting = false; paint(); });
  painting = true;
}, {passive: true});

/* ---- One render ---- */

const viewer = byId("viewer");
let viewed = 0;

/* The lines of a render's data block by their first word. */
function detailsRead(text) {
  const found = {picture: null, losses: null, frames: []};
  for (const line of (text || "").split("\n")) {
    const words = line.split(" ");
    if (words[0] === "picture")
      found.picture = words.slice(1);
    else if (words[0] === "losses")
      found.losses = {stride: Number(words[1]), base64: words[2]};
    else if (words[0] === "frame")
      found.frames.push({index: Number(words[1]), picture: words.slice(2)});
  }
  return found;
}

/* Rows of {step, values}. */
function curvesRead(render, losses) {
  const bytes = Uint8Array.from(atob(losses.base64), character => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const terms = render.shape.losses.length;
  const rows = [];
  for (let row = 0; row < bytes.length / 4 / terms; row++)
    rows.push({step: Math.min(row * losses.stride, render.shape.steps - 1) + 1,
      values: render.shape.losses.map((_, term) => view.getFloat32(4 * (row * terms + term), true))});
  return rows;
}

function drawn(tag, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes))
    element.setAttribute(name, value);
  if (text !== undefined)
    element.textContent = text;
  return element;
}

const colour = term => `var(--c${term % 8})`;

/* The curves of the chosen terms, as far as they are numbers. */
function curvesDraw(svg, rows, chosen) {
  const [left, right, top, bottom] = [58, 592, 10, 190];
  const values = rows.flatMap(row => chosen.map(term => row.values[term])).filter(Number.isFinite);
  const low = Math.min(...values), high = Math.max(...values);
  const last = rows[rows.length - 1].step;
  const x = step => last === 1 ? (left + right) / 2 : left + (step - 1) / (last - 1) * (right - left);
  const y = value => high === low ? (top + bottom) / 2 : bottom - (value - low) / (high - low) * (bottom - top);
  svg.replaceChildren(drawn("path", {d: `M${left} ${top}V${bottom}H${right}`, fill: "none", stroke: "var(--line)"}));
  if (values.length > 0)
    for (const value of high === low ? [low] : [low, high])
      svg.append(drawn("text", {x: left - 5, y: y(value) + 4, "text-anchor": "end"}, shown(value)));
  for (const step of last === 1 ? [1] : [1, last])
    svg.append(drawn("text", {x: x(step), y: bottom + 17, "text-anchor": step === 1 ? "start" : "end"}, `step ${step}`));
  for (const term of chosen) {
    let way = "", pen = "M";
    for (const row of rows)
      if (Number.isFinite(row.values[term])) {
        way += `${pen}${x(row.step).toFixed(1)} ${y(row.values[term]).toFixed(1)}`;
        pen = "L";
      } else
        pen = "M";
    if (rows.length === 1)
      way += "h3";
    svg.append(drawn("path", {d: way, fill: "none", stroke: colour(term), "stroke-width": 2, "stroke-linejoin": "round"}));
  }
  return event => {
    const box = svg.getBoundingClientRect();
    const at = (event.clientX - box.left) / box.width * 600;
    return rows.reduce((best, row) => Math.abs(x(row.step) - at) < Math.abs(x(best.step) - at) ? row : best);
  };
}

function curvesShow(render, losses) {
  const section = byId("losses");
  section.replaceChildren(make("h3", "", "Losses"));
  if (losses === null) {
    section.append(make("p", render.state === "damaged" ? "bad" : "quiet", render.state === "damaged"
      ? "None that have their SHA-256." : "None."));
    return;
  }
  const rows = curvesRead(render, losses);
  const names = render.shape.losses;
  const svg = drawn("svg", {viewBox: "0 0 600 214", role: "img", "aria-label": "losses over the steps"});
  const reading = make("p", "quiet", "");
  const legend = make("div", "legend");
  const chosen = new Set(names.keys());
  let rowAt;
  const draw = () => { rowAt = curvesDraw(svg, rows, [...chosen].sort((a, b) => a - b)); };
  const read = row => { reading.textContent = `step ${row.step}: ` + [...chosen].sort((a, b) => a - b)
    .map(term => `${visible(names[term])} ${shown(row.values[term])}`).join(", "); };
  names.forEach((name, term) => {
    const box = make("input");
    box.type = "checkbox";
    box.checked = true;
    box.addEventListener("change", () => {
      box.checked ? chosen.add(term) : chosen.delete(term);
      draw();
      read(rows[rows.length - 1]);
    });
    const line = make("i");
    line.style.background = colour(term);
    legend.append(make("label", "", box, line, isolated(name)));
  });
  svg.addEventListener("pointermove", event => read(rowAt(event)));
  draw();
  read(rows[rows.length - 1]);
  section.append(svg, reading, legend);
  if (losses.stride > 1)
    section.append(make("p", "quiet", `Every ${losses.stride}th step is drawn, and the last.`));
}

function pictureShow(render, picture, note) {
  const frame = make("div", "frame");
  if (picture === null)
    frame.append(noteOf(render));
  else
    frame.append(imageMake(picture, render.prompt, isTiny(render)));
  byId("viewer-picture").replaceChildren(frame, make("p", "quiet", note));
}

/* What the picture in the page is, beside the archive's. */
function qualityOf(render, own) {
  const size = `${render.shape.width} × ${render.shape.height}`;
  if (data.page.full)
    return `${size}, as in the archive`;
  if (own)
    return `${size}; here as JPEG of at most ${data.page.view_side} pixels a side`;
  return `${size}; here as a thumbnail`;
}

/* Snapshots in their order, and the picture; one that is pressed is shown large. */
function filmShow(render, frames, whole) {
  const section = byId("film");
  section.replaceChildren();
  if (render.shape.snapshots === 0 || whole === null)
    return;
  const every = Number(render.settings.values.snapshots) || 0;
  const strip = make("div", "strip");
  const pick = (chosen, picture, note) => {
    for (const each of strip.children)
      each.setAttribute("aria-pressed", each === chosen);
    pictureShow(render, picture, note);
  };
  const add = (picture, words, note) => {
    const each = button("", () => pick(each, picture, note), imageMake(picture, "", isTiny(render)), make("b", "", words));
    each.setAttribute("aria-pressed", picture === whole.picture);
    strip.append(each);
  };
  for (const frame of frames) {
    const step = (frame.index + 1) * every;
    add(frame.picture, `step ${step}`, `snapshot after step ${step}, as a thumbnail`);
  }
  add(whole.picture, "the end", whole.note);
  section.append(make("h3", "", `Snapshots: ${frames.length} of ${render.shape.snapshots}`), strip);
}

/* The other renders of the same prompt and seed. */
function sameShow(render) {
  const same = renders.filter(other => other !== render && other.prompt === render.prompt && other.seed === render.seed);
  const strip = make("div", "strip");
  for (const other of same.slice(0, 24)) {
    const frame = make("span", "frame");
    thumbnailPut(frame, other);
    strip.append(button("", () => viewerShow(other), frame, make("b", "", detailOf(other))));
  }
  byId("same").replaceChildren(...same.length === 0 ? [] : [make("h3", "", "Same prompt and seed"), strip]);
}

function factsShow(render) {
  const time = render.seconds === undefined || render.seconds === null ? null : `${shown(render.seconds)} s`;
  byId("facts").replaceChildren(make("h3", "", "Render"), facts([
    ["state", render.damaged === undefined ? states[render.state]
      : `damaged: ${render.damaged} does not have the recorded SHA-256`],
    ["reason", render.reason],
    ["archive", `${many ? letter(render.a) + ": " : ""}${render.archive.file}`],
    ["number", render.number], ["id", render.id], ["category", render.category], ["seed", render.seed],
    ...[...variants.keys()].map(key => [key, valueOf(render, key)]),
    ["size", `${render.shape.width} × ${render.shape.height}`], ["steps", render.shape.steps],
    ["last loss", typeof render.loss === "number" ? render.loss : render.loss === null ? "no number" : undefined],
    ["time", time], ["device", render.device], ["host", render.host],
    ["picture SHA-256", render.picture_sha256, true], ["latent SHA-256", render.latent_sha256, true],
    ["job SHA-256", render.archive.job_sha256, true],
  ]), folded("All settings", block(numbersShort(render.settings.text))));
}

function viewerShow(render) {
  byId("viewer-title").textContent = visible(render.prompt);
  byId("viewer-title").dir = "auto";
  byId("viewer-detail").textContent = visible(detailOf(render));
  factsShow(render);
  sameShow(render);
  curvesShow(render, null);
  byId("film").replaceChildren();
  pictureShow(render, null, "");
  viewer.scrollTop = 0;
  viewer.dataset.render = `${render.a}-${render.number}`;
  if (render.state === "failed" || render.state === "pending")
    return;
  const mine = viewer.dataset.render;
  blockOf(`d${mine}`, text => {
    if (viewer.dataset.render !== mine)
      return;
    const details = detailsRead(text);
    curvesShow(render, details.losses);
    blockOf(`t${mine}`, thumbnail => {
      const picture = details.picture || (thumbnail === null ? null : thumbnail.split(" "));
      const note = picture === null ? "" : qualityOf(render, details.picture !== null);
      pictureShow(render, picture, note);
      filmShow(render, details.frames, picture === null ? null : {picture, note});
    });
  });
}

function viewerOpen(position) {
  viewed = position;
  current = position;
  if (!viewer.open)
    viewer.showModal();
  viewerShow(items[position]);
  byId("previous").disabled = stepFrom(position, -1) < 0;
  byId("next").disabled = stepFrom(position, 1) < 0;
}

function viewerStep(step) {
  const next = stepFrom(viewed, step);
  if (next >= 0)
    viewerOpen(next);
}

byId("previous").addEventListener("click", () => viewerStep(-1));
byId("next").addEventListener("click", () => viewerStep(1));
byId("close").addEventListener("click", () => viewer.close());
viewer.addEventListener("close", () => goTo(viewed));
viewer.addEventListener("click", event => { if (event.target === viewer) viewer.close(); });
viewer.addEventListener("keydown", event => {
  if (event.altKey || event.ctrlKey || event.metaKey)
    return;
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    event.preventDefault();
    viewerStep(event.key === "ArrowLeft" ? -1 : 1);
  }
});

/* ---- About ---- */

function countsOf(archive, a) {
  const counts = {};
  for (const render of renders)
    if (render.a === a)
      counts[render.state] = (counts[render.state] || 0) + 1;
  const parts = [`${counts.done || 0} of ${plural(archive.renders.length, "render")} done`];
  for (const state of ["failed", "pending", "damaged"])
    if (counts[state])
      parts.push(`${counts[state]} ${states[state]}`);
  return parts.join(", ");
}

function picturesSaid() {
  if (data.page.full)
    return "Pictures are the archive's own, to the bit.";
  return data.page.view_side > 0 ? `Pictures are JPEG of at most ${data.page.view_side} pixels a side.` : "Pictures are thumbnails.";
}

function archiveAbout(archive, a) {
  const section = make("section", "", make("h3", "", `${many ? letter(a) + ": " : ""}${archive.study}`), facts([
    ["file", archive.file], ["renders", countsOf(archive, a)], ["job SHA-256", archive.job_sha256, true],
    ["digests", archive.record_digests ? "of pictures, latents, records and snapshots"
      : "of pictures and latents alone: an archive of an earlier version"],
    ["versions", archive.versions], ["build", archive.build],
    ...archive.inputs.flatMap(input => [[input.what, input.file], ["its SHA-256", input.sha256 || "not known", true]])]));
  for (const model of archive.models)
    section.append(make("h3", "", `${model.role} ${model.name}`), facts([["file", model.file], ["SHA-256", model.sha256, true]]),
      model.configuration === "" ? "" : folded("Configuration", block(model.configuration)));
  section.append(folded("The job file", block(archive.job_text)));
  section.append(folded(plural(archive.launches.length, "launch").replace("launchs", "launches"),
    block(archive.launches.map(launch => JSON.stringify(launch, null, 1)).join("\n"))));
  return section;
}

function aboutMake() {
  byId("about-body").replaceChildren(
    make("p", "quiet", `Made on ${data.page.made} by vqclip ${data.page.vqclip}. ${picturesSaid()} ` +
      "What does not have its digest is marked as damaged."),
    make("p", "quiet", "Keys: arrows go from render to render, Enter opens one, Escape closes it, / goes to the search."),
    ...data.archives.map(archiveAbout));
}

byId("about-open").addEventListener("click", () => { aboutMake(); byId("about").showModal(); });
byId("about-close").addEventListener("click", () => byId("about").close());

/* ---- Colours ---- */

const themes = ["auto", "light", "dark"];

function themeSet(theme) {
  if (theme === "auto")
    delete document.documentElement.dataset.theme;
  else
    document.documentElement.dataset.theme = theme;
  byId("theme").textContent = {auto: "◐ auto", light: "☀ light", dark: "☾ dark"}[theme];
  byId("theme").dataset.is = theme;
}

/* A browser may keep nothing for pages from disk. */
function themeKept() {
  try {
    const kept = localStorage.getItem("vqclip-report-theme");
    return themes.includes(kept) ? kept : "auto";
  } catch {
    return "auto";
  }
}

byId("theme").addEventListener("click", () => {
  const next = themes[(themes.indexOf(byId("theme").dataset.is) + 1) % themes.length];
  themeSet(next);
  try {
    localStorage.setItem("vqclip-report-theme", next);
  } catch { /* then it is the browser's next time */ }
});

/* ---- The start ---- */

document.addEventListener("keydown", event => {
  if (event.key === "/" && !event.target.closest("input, select, dialog")) {
    event.preventDefault();
    byId("filters").open = true;
    byId("search").focus();
  }
});
byId("form").addEventListener("submit", event => event.preventDefault());
byId("search").addEventListener("input", refresh);
byId("form").addEventListener("change", event => { if (event.target !== byId("search")) refresh(); });
byId("form").addEventListener("reset", () => setTimeout(() => { sidesReset(); refresh(); }));
let laidOut = 0;
new ResizeObserver(() => {
  if (grid.clientWidth !== laidOut) {
    laidOut = grid.clientWidth;
    layOut();
  }
}).observe(grid);

const studies = [...new Set(data.archives.map(archive => archive.study))].map(name => visible(name));
document.title = `${studies.join(", ")} · vqclip report`;
byId("title").textContent = studies.join(", ");
byId("summary").textContent = data.archives.map((archive, a) => (many ? `${letter(a)}: ${visible(archive.file)}: ` : "") +
  countsOf(archive, a)).join("; ") + `. Made ${data.page.made.replace("T", " ").replace("Z", " UTC")}. ${picturesSaid()}`;
themeSet(themeKept());
if (matchMedia("(max-width: 640px)").matches)
  byId("filters").open = false;
selectFill(byId("order"), Object.keys(orders).map(name => [name, name]));
filtersMake();
sidesMake();
refresh();

// The popup of a place: one finding at a time, fields in words, with a pager where several lie there. Everything that
// comes from data is set as text, never as markup.

const WIDEST = 304; // pixels of a popup

function element(name, className, text) {
  const created = document.createElement(name);
  if (className) created.className = className;
  if (text !== undefined) created.textContent = text;
  return created;
}

function describe(hit, words) {
  const { layer } = hit;
  const entry = layer.entries[hit.entry];
  const body = document.createDocumentFragment();
  const header = element("header");
  const rows = hit.feature === undefined ? [] : layer.columns.map((column) => [column, column.words[column.index[hit.feature]]]);
  const heading = rows.find(([column]) => column.heading)?.[1] || layer.title;
  header.append(element("h2", "", heading));
  if (heading !== layer.title) header.append(element("p", "", layer.title));
  body.append(header);
  const list = element("dl");
  if (layer.fieldTitle) addRow(list, layer.fieldTitle, entry.title, swatchOf(layer, hit.entry));
  for (const [column, text] of rows) {
    if (!column.heading) addRow(list, column.title, text || words.noData);
  }
  if (list.childElementCount) body.append(list);
  return body;
}

function addRow(list, title, text, swatch) {
  const value = element("dd");
  if (swatch) value.append(swatch, " ");
  value.append(text);
  list.append(element("dt", "", title), value);
}

function swatchOf(layer, entry) {
  const drawn = document.querySelector(`[data-swatch="${layer.id}-${entry}"]`);
  return drawn ? drawn.cloneNode(true) : null;
}

const Popups = L.Class.extend({
  initialize(map, layers, words) {
    Object.assign(this, { _map: map, _layers: layers, _words: words });
    map.on("click", this._ask, this).on("mousemove", this._point, this);
    map.on("popupclose", () => this._outline?.remove());
    // By keyboard: the arrow keys move the map, Enter asks what lies in its middle.
    map.on("keypress", ({ originalEvent }) => {
      const onMap = originalEvent.target === map.getContainer();
      if (originalEvent.key === "Enter" && onMap) this._ask({ latlng: map.getCenter() });
    });
  },

  _isMeasuring() {
    return this._map.getContainer().classList.contains("spacegov-measuring");
  },

  _ask(event) {
    if (this._isMeasuring()) return;
    const hits = hitsAt(this._map, this._layers, event.latlng);
    if (hits.length) this.show(hits, event.latlng);
  },

  show(hits, latlng) {
    const content = element("article", "spacegov-finding");
    const page = element("div", "spacegov-finding-page");
    content.append(page);
    let position = 0;
    const turn = (to) => {
      position = (to + hits.length) % hits.length;
      page.replaceChildren(describe(hits[position], this._words));
      if (hits.length > 1) pager.querySelector("output").textContent = `${position + 1} / ${hits.length}`;
      this._trace(hits[position]);
      this._popup?.update();
    };
    const pager = element("footer");
    if (hits.length > 1) {
      for (const [label, sign, by] of [[this._words.previous, "‹", -1], [this._words.next, "›", 1]]) {
        const button = element("button", "", sign);
        button.type = "button";
        nameButton(button, label);
        button.addEventListener("click", () => turn(position + by));
        pager.append(button);
      }
      pager.insertBefore(element("output"), pager.lastChild);
      content.append(pager);
    }
    this._popup = null;
    turn(0);
    const size = this._map.getSize();
    const [left, right] = this._uncovered(size);
    this._popup = L.popup({
      minWidth: Math.min(WIDEST, size.x - 90),
      maxWidth: WIDEST,
      maxHeight: Math.max(160, size.y - 150),
      className: "spacegov-popup",
      autoPanPaddingTopLeft: [left, 16],
      autoPanPaddingBottomRight: [right, 44],
    });
    this._popup.setLatLng(latlng).setContent(content).openOn(this._map);
    this._popup.getElement().querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", this._words.close);
    this._trace(hits[position]);
  },

  // How far the panels reach in from either side, as far as a popup still fits between them.
  _uncovered(size) {
    const frame = this._map.getContainer();
    const reach = (selector, away) => (frame.querySelector(selector)?.offsetWidth ?? 0) + away;
    const title = reach(".spacegov-title", 24);
    const list = frame.querySelector(".spacegov-layers[open]") ? reach(".spacegov-layers", 74) : 64;
    if (size.x - title - list > WIDEST + 8) return [title, list];
    return size.x - title - 64 > WIDEST + 8 ? [title, 64] : [12, 64];
  },

  // The chosen feature in a double line that shows on every ground.
  _trace(hit) {
    this._outline?.remove();
    if (hit.feature === undefined) return;
    const { layer, feature } = hit;
    const lines = [];
    for (let ring = layer.rings[feature]; ring < layer.rings[feature + 1]; ring += 1) {
      const line = [];
      for (let i = layer.vertices[ring]; i < layer.vertices[ring + 1]; i += 1) line.push([latitudeOf(layer.y[i]), longitudeOf(layer.x[i])]);
      if (dimensionOf(layer, feature) === 2) line.push(line[0]);
      lines.push(line);
    }
    const options = { pane: "chosen", interactive: false, fill: false };
    const parts = ["spacegov-chosen-halo", "spacegov-chosen"].flatMap((className) =>
      dimensionOf(layer, feature) === 0
        ? lines.flat().map((place) => L.circleMarker(place, { ...options, className, radius: 8 }))
        : [L.polyline(lines, { ...options, className, smoothFactor: 0.5 })],
    );
    this._outline = L.layerGroup(parts).addTo(this._map);
  },

  _point(event) {
    if (this._waiting) return;
    this._waiting = requestAnimationFrame(() => {
      this._waiting = null;
      const hit = !this._isMeasuring() && hitsAt(this._map, this._layers, event.latlng).length > 0;
      this._map.getContainer().classList.toggle("spacegov-pointing", hit);
    });
  },
});

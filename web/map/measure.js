// L.control.measure({language}): length of a drawn line and area of the ring it closes, on the ellipsoid.

L.Control.Measure = L.Control.extend({
  options: { position: "topleft", language: "en" },

  onAdd(map) {
    this._map = map;
    this._points = [];
    const { bar, button } = makeButton(
      wordsOf(this.options.language).measure,
      "M1.5 11L11 1.5 14.5 5 5 14.5zM4.5 8l1.5 1.5M7 5.5L8.5 7M9.5 3L11 4.5",
      () => (this._active ? this._stop() : this._start()),
    );
    this._button = button;
    button.setAttribute("aria-pressed", "false");
    this._answer = L.DomUtil.create("output", "spacegov-measured", bar);
    this._answer.hidden = true;
    return bar;
  },

  onRemove() {
    this._stop();
  },

  _start() {
    const map = this._map;
    this._active = true;
    this._drawing = true;
    this._points = [];
    this._shape = L.layerGroup().addTo(map);
    this._zoomedByDoubleClick = map.doubleClickZoom.enabled();
    map.doubleClickZoom.disable();
    map.on("click", this._add, this).on("dblclick", this._finish, this);
    L.DomEvent.on(document, "keydown", this._onKey, this);
    L.DomUtil.addClass(map.getContainer(), "spacegov-measuring");
    this._button.setAttribute("aria-pressed", "true");
    this._answer.hidden = false;
    this._answer.textContent = wordsOf(this.options.language).start;
  },

  _stop() {
    if (!this._active) return;
    const map = this._map;
    this._active = false;
    L.DomUtil.removeClass(map.getContainer(), "spacegov-measuring");
    map.off("click", this._add, this).off("dblclick", this._finish, this);
    L.DomEvent.off(document, "keydown", this._onKey, this);
    if (this._zoomedByDoubleClick) map.doubleClickZoom.enable();
    this._shape.remove();
    this._button.setAttribute("aria-pressed", "false");
    this._answer.hidden = true;
  },

  _onKey(event) {
    if (event.key === "Enter" && this._drawing && this._points.length) {
      this._finish();
      // The button keeps the focus after its click: Enter would press it again.
      event.preventDefault();
    }
    if (event.key === "Escape") this._stop();
  },

  _add(event) {
    if (!this._drawing) {
      this._drawing = true;
      this._points = [];
    }
    const last = this._points.at(-1);
    // The second click of a double click falls on the same place.
    if (last?.equals(event.latlng)) return;
    this._points.push(event.latlng);
    this._show();
  },

  _finish() {
    this._drawing = false;
  },

  _show() {
    const { language } = this.options;
    const words = wordsOf(language);
    const points = this._points;
    const look = { className: "spacegov-measure-shape", interactive: false };
    this._shape.clearLayers();
    this._shape.addLayer(points.length > 2 ? L.polygon(points, look) : L.polyline(points, look));
    for (const point of points) this._shape.addLayer(L.circleMarker(point, { ...look, radius: 3 }));
    const parts = [`${words.length}: ${formatLength(lengthOfLine(points), language)}`];
    if (points.length > 2) parts.push(`${words.area}: ${formatArea(areaOfRing(points), language)}`);
    this._answer.textContent = parts.join("\n");
  },
});

L.control.measure = (options) => new L.Control.Measure(options);

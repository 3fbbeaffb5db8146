// L.control.swipe({left, right, language}): one pane left of a divider, another right of it. `left` and `right` are
// names of panes, each with the layers of its side; the divider moves by pointer and by keyboard.

L.Control.Swipe = L.Control.extend({
  options: { left: null, right: null, language: "en" },

  // The divider lies over the whole map, not in one of its corners.
  addTo(map) {
    this.remove();
    this._map = map;
    const container = L.DomUtil.create("div", "spacegov-swipe", map.getContainer());
    this._container = container;
    this._line = L.DomUtil.create("div", "spacegov-swipe-line", container);
    this._range = L.DomUtil.create("input", "spacegov-swipe-range", container);
    Object.assign(this._range, { type: "range", min: "0", max: "1", step: "0.01", value: "0.5" });
    this._range.setAttribute("aria-label", wordsOf(this.options.language).swipe);
    L.DomEvent.disableClickPropagation(this._range);
    L.DomEvent.on(this._range, "keydown", L.DomEvent.stopPropagation);
    L.DomEvent.on(this._range, "input", this._clip, this);
    map.on("move resize zoomend", this._clip, this);
    this._clip();
    return this;
  },

  remove() {
    if (!this._map) return this;
    this._map.off("move resize zoomend", this._clip, this);
    for (const name of [this.options.left, this.options.right]) this._map.getPane(name).style.clipPath = "";
    this._container.remove();
    this._map = null;
    return this;
  },

  _clip() {
    const map = this._map;
    const size = map.getSize();
    const divider = size.x * Number(this._range.value);
    this._line.style.left = `${divider}px`;
    // Panes move with the map: the window in which a side shows is given in their own pixels.
    const topLeft = map.containerPointToLayerPoint([0, 0]);
    const window = (from, to) => {
      const [left, right] = [topLeft.x + from, topLeft.x + to];
      const [top, bottom] = [topLeft.y, topLeft.y + size.y];
      return `polygon(${left}px ${top}px, ${right}px ${top}px, ${right}px ${bottom}px, ${left}px ${bottom}px)`;
    };
    map.getPane(this.options.left).style.clipPath = window(0, divider);
    map.getPane(this.options.right).style.clipPath = window(divider, size.x);
  },
});

L.control.swipe = (options) => new L.Control.Swipe(options);

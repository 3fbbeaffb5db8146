// The map of a page: its layers from the packed data, the title card, the list of layers and the foot, which the page
// already holds as plain HTML.

function openMap(id, data) {
  const container = document.getElementById(id);
  const moves = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(container, {
    zoomControl: false, attributionControl: false, zoomSnap: 0.25, zoomDelta: 0.5, minZoom: 3, maxZoom: 21, wheelPxPerZoomLevel: 90,
    fadeAnimation: moves, zoomAnimation: moves, markerZoomAnimation: moves, inertia: moves,
  });
  if (!moves) map.panBy = (offset) => L.Map.prototype.panBy.call(map, offset, { animate: false });
  map.setView([0, 0], 3);
  for (const layer of data.background) layer.quiet = true;
  const layers = [...data.layers, ...data.background];
  layers.forEach((layer, position) => addPane(map, layer, 300 + layers.length - position));
  map.createPane("labels").style.zIndex = 560;
  map.getPane("labels").style.pointerEvents = "none";
  map.createPane("chosen").style.zIndex = 550;
  for (const layer of layers) layer.drawn = layer.kind === "image" ? drawImage(layer) : drawShapes(layer);
  const labels = new Labels(layers.filter((layer) => layer.labels?.length));
  for (const layer of layers) if (layer.visible) show(map, layer, true);
  labels.addTo(map);
  fit(map, container, data.bounds);
  addControls(map, container, data);
  for (const panel of container.querySelectorAll(".spacegov-panel")) {
    L.DomEvent.disableClickPropagation(panel);
    L.DomEvent.disableScrollPropagation(panel);
  }
  connectPanel(map, container, data, labels);
  const findings = data.layers.filter((layer) => layer.columns.length || layer.fieldTitle || layer.kind === "shapes");
  new Popups(map, findings, data.words);
  onThemeChange(() => {
    for (const layer of layers) layer.drawn.redraw();
    labels.redraw();
  });
  if (data.swipe) addSwipe(map, data);
  container.dataset.drawn = String(data.layers.reduce((sum, layer) => sum + (layer.entry?.length ?? 1), 0));
  return map;
}

function addPane(map, layer, height) {
  layer.pane = `spacegov-${layer.id}`;
  const pane = map.createPane(layer.pane);
  pane.style.zIndex = height;
  pane.style.pointerEvents = "none";
  pane.style.opacity = layer.opacity;
}

function drawShapes(layer) {
  unpackShapes(layer);
  return new Shapes(layer);
}

// A picture and, where the raster has none, the dots of missing data.
function drawImage(layer) {
  const picture = drawPicture(layer);
  if (!layer.gaps) return picture;
  Object.assign(layer.gaps, { entries: layer.entries, pane: layer.pane, plain: true });
  unpackShapes(layer.gaps);
  const gaps = new Shapes(layer.gaps);
  const both = L.layerGroup([picture, gaps]);
  both.redraw = () => {
    picture.redraw();
    gaps.redraw();
  };
  return both;
}

function drawPicture(layer) {
  const [[south, west], [north, east]] = layer.corners;
  layer.box = [mercatorX(west), mercatorY(north), mercatorX(east), mercatorY(south)];
  layer.pictured = themeName();
  const overlay = L.imageOverlay(layer.pictures[layer.pictured] ?? layer.pictures.light, layer.corners, {
    pane: layer.pane, className: layer.smooth ? "spacegov-relief" : "spacegov-cells", interactive: false,
  });
  // Enlarged cells show their edges; reduced ones are averaged, or they would flicker.
  const sharpen = () => {
    const shown = layer.element.getBoundingClientRect().width;
    layer.element.style.imageRendering = !layer.smooth && shown > layer.element.naturalWidth ? "pixelated" : "auto";
  };
  overlay.on("load", sharpen);
  overlay.on("add", () => {
    layer.element = overlay.getElement();
    overlay._map.on("zoomend", sharpen);
  });
  overlay.on("remove", (event) => event.target._map?.off("zoomend", sharpen));
  overlay.redraw = () => {
    layer.pictured = themeName();
    layer.pixels = null;
    overlay.setUrl(layer.pictures[layer.pictured] ?? layer.pictures.light);
  };
  return overlay;
}

function show(map, layer, on) {
  layer.shown = on;
  if (on) layer.drawn.addTo(map);
  else layer.drawn.remove();
}

function fit(map, container, bounds) {
  const size = map.getSize();
  const title = container.querySelector(".spacegov-title");
  const list = container.querySelector(".spacegov-layers");
  // Beside the panels where there is room, under them where there is not.
  const left = title && size.x > 1000 ? title.offsetWidth + 32 : 20;
  const right = list && size.x > 1200 ? list.offsetWidth + 84 : 60;
  map.fitBounds(bounds, { paddingTopLeft: [left, 20], paddingBottomRight: [right, 48], maxZoom: 18, animate: false });
}

function addControls(map, container, data) {
  const options = { position: "topright", language: data.language };
  L.control.zoom({ ...options, zoomInTitle: data.words.zoomIn, zoomOutTitle: data.words.zoomOut }).addTo(map);
  const Whole = L.Control.extend({
    onAdd: () => makeButton(data.words.whole, "M8 1.8V4M8 12v2.2M1.8 8H4M12 8h2.2M8 4.2a3.8 3.8 0 1 0 0 7.6a3.8 3.8 0 0 0 0-7.6zM8 7.4v1.2", () => fit(map, container, data.bounds)).bar,
  });
  new Whole(options).addTo(map);
  L.control.fullscreen(options).addTo(map);
  L.control.measure(options).addTo(map);
  const scale = container.querySelector(".spacegov-scale");
  map.on("move zoomend resize", () => drawScale(map, scale, data.language));
  drawScale(map, scale, data.language);
}

// The longest of 1, 2, 5 … that fits into 140 pixels, along the parallel in the middle of the map.
function drawScale(map, scale, language) {
  const size = map.getSize();
  const width = 140;
  const y = size.y / 2;
  const metres = geodesicLength(map.containerPointToLatLng([(size.x - width) / 2, y]), map.containerPointToLatLng([(size.x + width) / 2, y]));
  const power = 10 ** Math.floor(Math.log10(metres));
  const length = power * (metres / power >= 5 ? 5 : metres / power >= 2 ? 2 : 1);
  const words = wordsOf(language);
  scale.querySelector("i").style.width = `${(width * length) / metres}px`;
  scale.querySelector("span").textContent = length < 1000
    ? `${formatNumber(length, 0, language)}${NARROW_SPACE}${words.metre}`
    : `${formatNumber(length / 1000, 0, language)}${NARROW_SPACE}${words.kilometre}`;
}

function connectPanel(map, container, data, labels) {
  for (const box of container.querySelectorAll("input[data-layer]")) {
    const layer = data.layers.find((candidate) => candidate.id === box.dataset.layer);
    const legend = container.querySelector(`[data-legend="${layer.id}"]`);
    const update = () => {
      show(map, layer, box.checked);
      if (legend) legend.hidden = !box.checked;
      labels.redraw();
    };
    box.checked = layer.visible;
    if (legend) legend.hidden = !layer.visible;
    box.addEventListener("change", update);
  }
  for (const choice of container.querySelectorAll("input[data-background]")) {
    choice.addEventListener("change", () => {
      for (const layer of data.background) show(map, layer, choice.dataset.background === "shown");
      labels.redraw();
    });
  }
  for (const panel of container.querySelectorAll("details.spacegov-panel")) {
    const narrow = panel.classList.contains("spacegov-layers") ? 1000 : 560;
    if (map.getSize().x < narrow || map.getSize().y < 420) panel.open = false;
  }
}

function addSwipe(map, data) {
  const [left, right] = data.swipe.map((position) => data.layers[position]);
  const swipe = L.control.swipe({ left: left.pane, right: right.pane, language: data.language }).addTo(map);
  for (const [side, layer] of [["left", left], ["right", right]]) {
    swipe.getContainer().querySelector(".spacegov-swipe-line").append(element("span", `spacegov-side spacegov-side-${side}`, layer.title));
  }
}

// folium makes the content of its own popups with jQuery's `$(html)[0]`; this is all of it that they need.
window.$ ??= (html) => {
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  return [holder.content.firstElementChild];
};

L.spacegov = { openMap };

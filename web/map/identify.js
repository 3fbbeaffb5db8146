// What lies at a place: features of all layers shown, the topmost first.

const NEAR_POINT = 9; // pixels
const NEAR_LINE = 6;

function hitsAt(map, layers, latlng) {
  const x = mercatorX(latlng.lng);
  const y = mercatorY(latlng.lat);
  const pixel = 1 / (256 * 2 ** map.getZoom());
  const hits = [];
  for (const layer of layers) {
    if (!layer.shown || !isOnItsSide(map, layer, latlng)) continue;
    if (layer.kind === "image") {
      const entry = entryOfImage(layer, x, y) ?? entryOfGap(layer, x, y);
      if (entry !== null) hits.push({ layer, entry });
      continue;
    }
    // Drawn last, found first.
    for (let feature = layer.entry.length - 1; feature >= 0; feature -= 1) {
      if (isHit(layer, feature, x, y, pixel)) hits.push({ layer, feature, entry: layer.entry[feature] });
    }
  }
  return hits;
}

// With a swipe, a layer is only where its half of the map is.
function isOnItsSide(map, layer, latlng) {
  const clip = map.getPane(layer.pane).style.clipPath;
  if (!clip) return true;
  const [left, , right] = clip.match(/-?[\d.]+px/g).map(parseFloat);
  const { x } = map.latLngToLayerPoint(latlng);
  return x >= left && x <= right;
}

function isHit(layer, feature, x, y, pixel) {
  const dimension = dimensionOf(layer, feature);
  const near = (dimension === 0 ? NEAR_POINT : dimension === 1 ? NEAR_LINE : 1) * pixel;
  const i = 4 * feature;
  const { boxes } = layer;
  if (x < boxes[i] - near || x > boxes[i + 2] + near || y < boxes[i + 1] - near || y > boxes[i + 3] + near) return false;
  if (dimension === 2) return isInside(layer, feature, x, y) || distanceTo(layer, feature, x, y) <= near;
  return distanceTo(layer, feature, x, y) <= near;
}

function isInside(layer, feature, x, y) {
  let inside = false;
  for (let ring = layer.rings[feature]; ring < layer.rings[feature + 1]; ring += 1) {
    const first = layer.vertices[ring];
    const last = layer.vertices[ring + 1];
    for (let i = first, j = last - 1; i < last; j = i, i += 1) {
      const crosses = layer.y[i] > y !== layer.y[j] > y;
      if (crosses && x < ((layer.x[j] - layer.x[i]) * (y - layer.y[i])) / (layer.y[j] - layer.y[i]) + layer.x[i]) inside = !inside;
    }
  }
  return inside;
}

function distanceTo(layer, feature, x, y) {
  let nearest = Infinity;
  for (let ring = layer.rings[feature]; ring < layer.rings[feature + 1]; ring += 1) {
    const first = layer.vertices[ring];
    for (let i = first; i < layer.vertices[ring + 1]; i += 1) {
      const j = Math.max(first, i - 1);
      const [dx, dy] = [layer.x[i] - layer.x[j], layer.y[i] - layer.y[j]];
      const along = dx || dy ? ((x - layer.x[j]) * dx + (y - layer.y[j]) * dy) / (dx * dx + dy * dy) : 0;
      const part = Math.max(0, Math.min(1, along));
      nearest = Math.min(nearest, Math.hypot(x - layer.x[j] - part * dx, y - layer.y[j] - part * dy));
    }
  }
  return nearest;
}

function entryOfGap({ gaps }, x, y) {
  if (!gaps) return null;
  const found = gaps.entry.findIndex((_, feature) => isInside(gaps, feature, x, y));
  return found < 0 ? null : gaps.entry[found];
}

// The class of a cell is read off its colour in the picture.
function entryOfImage(layer, x, y) {
  const [west, north, east, south] = layer.box;
  if (x < west || x >= east || y < north || y >= south || !layer.element?.complete) return null;
  if (!layer.pixels) {
    const canvas = document.createElement("canvas");
    canvas.width = layer.element.naturalWidth;
    canvas.height = layer.element.naturalHeight;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(layer.element, 0, 0);
    layer.pixels = context.getImageData(0, 0, canvas.width, canvas.height);
    layer.colours = layer.entries.map((entry) => entry.colour[layer.pictured]);
  }
  const { width, height, data } = layer.pixels;
  const column = Math.floor(((x - west) / (east - west)) * width);
  const row = Math.floor(((y - north) / (south - north)) * height);
  const [red, green, blue, alpha] = data.subarray(4 * (row * width + column));
  if (alpha === 0) return null;
  const found = layer.colours.indexOf(`#${[red, green, blue].map((part) => part.toString(16).padStart(2, "0")).join("")}`);
  return found < 0 ? null : found;
}

// A layer of features on a canvas of its own: fast for a hundred thousand of them, with patterns, casings and markers.
// Entries are drawn from last to first, so that the first of the legend lies on top.

const TINY = 0.8; // pixels below which a feature is a dot, and vertices fall together
const POINT_RADIUS = 5;
const BATCH = 1500; // features in one path: longer paths fill slowly
const FEW = 1000; // features of a layer in which each is worth seeing from afar
const LEAST = 5; // pixels: the size at which those are drawn at least
const CALM = 14; // pixels: features of many that are smaller on average get thinner edges, or edges are all one sees

const Canvas = L.Renderer.extend({
  options: { padding: 0.2 },

  _initContainer() {
    this._container = document.createElement("canvas");
    this._context = this._container.getContext("2d");
    this._container.style.pointerEvents = "none";
  },

  _destroyContainer() {
    this._container.remove();
    delete this._container;
    delete this._context;
  },

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const canvas = this._container;
    const size = this._bounds.getSize();
    const ratio = window.devicePixelRatio || 1;
    L.DomUtil.setPosition(canvas, this._bounds.min);
    canvas.width = size.x * ratio;
    canvas.height = size.y * ratio;
    canvas.style.width = `${size.x}px`;
    canvas.style.height = `${size.y}px`;
    this._context.setTransform(ratio, 0, 0, ratio, -this._bounds.min.x * ratio, -this._bounds.min.y * ratio);
    this._frame = frameOf(this._map, this._bounds);
    this._draw(this._context, this._frame);
  },

  redraw() {
    if (this._map) this._update();
    return this;
  },
});

// From unit square to layer pixels, and the part of the unit square that is drawn.
function frameOf(map, bounds) {
  const scale = 256 * 2 ** map.getZoom();
  const origin = map.getPixelOrigin();
  const margin = 12;
  return {
    scale,
    originX: origin.x,
    originY: origin.y,
    west: (bounds.min.x - margin + origin.x) / scale,
    east: (bounds.max.x + margin + origin.x) / scale,
    north: (bounds.min.y - margin + origin.y) / scale,
    south: (bounds.max.y + margin + origin.y) / scale,
  };
}

const Shapes = Canvas.extend({
  initialize(layer) {
    Canvas.prototype.initialize.call(this, { pane: layer.pane });
    this._layer = layer;
  },

  _draw(context, frame) {
    const layer = this._layer;
    const looks = layer.entries.map((entry) => thinned(lookOf(entry), frame));
    context.lineJoin = "round";
    for (let position = looks.length - 1; position >= 0; position -= 1) {
      const visible = layer.featuresOf[position].filter((feature) => isWithin(layer.boxes, feature, frame));
      for (let from = 0; from < visible.length; from += BATCH) {
        const batch = visible.slice(from, from + BATCH);
        for (const dimension of [2, 1, 0]) {
          const alike = layer.dimension ? batch.filter((f) => layer.dimension[f] === dimension) : batch;
          if (alike.length && (layer.dimension || layer.shapeDimension === dimension)) {
            DRAW[dimension](context, layer, alike, calmed(looks[position], layer, alike, frame, dimension), frame);
          }
        }
      }
    }
  },
});

function calmed(look, layer, features, frame, dimension) {
  if (layer.plain) return { ...look, width: 0, least: TINY };
  if (layer.entry.length <= FEW) return { ...look, least: layer.quiet ? TINY : LEAST };
  let sum = 0;
  for (const feature of features) sum += sizeOf(layer.boxes, feature);
  const share = Math.min(1, Math.max(dimension === 1 ? 0.45 : 0.2, ((sum / features.length) * frame.scale) / CALM));
  return { ...look, width: look.width * share, least: TINY };
}

const sizeOf = (boxes, i) => Math.max(boxes[4 * i + 2] - boxes[4 * i], boxes[4 * i + 3] - boxes[4 * i + 1]);

function lookOf(entry) {
  const theme = themeName();
  return { ...entry, colour: entry.colour[theme], ink: entry.ink[theme], casing: entry.casing?.[theme] };
}

// Cased lines are roads: from far away they grow thin and lose their casing, or they would cover the map.
const CASED_BELOW = 25; // metres a pixel at the equator

function thinned(look, frame) {
  if (!look.casing) return look;
  const metresPerPixel = 40075017 / frame.scale;
  const share = Math.min(1, Math.max(0.35, 10 / metresPerPixel));
  return { ...look, width: look.width * share, casing: metresPerPixel < CASED_BELOW ? look.casing : null };
}

function isWithin(boxes, feature, frame) {
  const i = 4 * feature;
  return boxes[i] <= frame.east && boxes[i + 2] >= frame.west && boxes[i + 1] <= frame.south && boxes[i + 3] >= frame.north;
}

const DRAW = {
  2(context, layer, features, look, frame) {
    context.beginPath();
    for (const feature of features) tracePolygon(context, layer, feature, frame, look.least);
    if (look.fill > 0) {
      context.globalAlpha = look.fill;
      context.fillStyle = look.colour;
      context.fill("nonzero");
    }
    if (look.pattern) {
      context.globalAlpha = look.pattern.ink;
      context.fillStyle = patternFill(context, look.pattern, look.ink);
      context.fill("nonzero");
    }
    strokePath(context, look, look.ink, look.width);
  },

  1(context, layer, features, look, frame) {
    context.beginPath();
    for (const feature of features) traceLine(context, layer, feature, frame);
    context.lineCap = "round";
    if (look.casing) strokePath(context, { ...look, dashes: [] }, look.casing, look.width + 1.4);
    context.lineCap = look.dashes.length ? "butt" : "round";
    strokePath(context, look, look.colour, look.width);
  },

  0(context, layer, features, look, frame) {
    for (const feature of features) {
      const last = layer.vertices[layer.rings[feature + 1]];
      for (let i = layer.vertices[layer.rings[feature]]; i < last; i += 1) {
        const x = layer.x[i] * frame.scale - frame.originX;
        const y = layer.y[i] * frame.scale - frame.originY;
        context.beginPath();
        MARKERS[look.marker](context, x, y, POINT_RADIUS);
        context.globalAlpha = 1;
        context.lineWidth = 3.2;
        context.setLineDash([]);
        context.strokeStyle = haloColour();
        context.stroke();
        context.globalAlpha = Math.max(look.fill, 0.15);
        context.fillStyle = look.colour;
        context.fill();
        strokePath(context, { ...look, dashes: [] }, look.ink, 1.2);
      }
    }
  },
};

function strokePath(context, look, colour, width) {
  if (width <= 0) return;
  context.globalAlpha = 1;
  context.setLineDash(look.dashes);
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
}

const haloColour = () => (themeName() === "dark" ? "#14171a" : "#fbfaf7");

function tracePolygon(context, layer, feature, frame, least) {
  const i = 4 * feature;
  const { boxes } = layer;
  if (sizeOf(boxes, feature) * frame.scale >= least) {
    traceRings(context, layer, feature, frame, true);
    return;
  }
  const x = ((boxes[i] + boxes[i + 2]) / 2) * frame.scale - frame.originX;
  const y = ((boxes[i + 1] + boxes[i + 3]) / 2) * frame.scale - frame.originY;
  context.rect(x - least / 2, y - least / 2, least, least);
}

const traceLine = (context, layer, feature, frame) => traceRings(context, layer, feature, frame, false);

function traceRings(context, layer, feature, frame, closed) {
  const { x, y, rings, vertices } = layer;
  for (let ring = rings[feature]; ring < rings[feature + 1]; ring += 1) {
    const first = vertices[ring];
    const last = vertices[ring + 1] - 1;
    let lastX = x[first] * frame.scale - frame.originX;
    let lastY = y[first] * frame.scale - frame.originY;
    context.moveTo(lastX, lastY);
    for (let i = first + 1; i <= last; i += 1) {
      const nextX = x[i] * frame.scale - frame.originX;
      const nextY = y[i] * frame.scale - frame.originY;
      if (i < last && Math.abs(nextX - lastX) + Math.abs(nextY - lastY) < TINY) continue;
      context.lineTo(nextX, nextY);
      lastX = nextX;
      lastY = nextY;
    }
    if (closed) context.closePath();
  }
}

const MARKERS = {
  circle: (context, x, y, r) => context.arc(x, y, r, 0, 2 * Math.PI),
  square: (context, x, y, r) => context.rect(x - 0.86 * r, y - 0.86 * r, 1.72 * r, 1.72 * r),
  diamond: (context, x, y, r) => traceRegular(context, x, y, 1.2 * r, 4),
  triangle: (context, x, y, r) => traceRegular(context, x, y + 0.15 * r, 1.3 * r, 3),
  pentagon: (context, x, y, r) => traceRegular(context, x, y, 1.12 * r, 5),
  cross(context, x, y, r) {
    const arm = 0.42 * r;
    const corners = [[-arm, -r], [arm, -r], [arm, -arm], [r, -arm], [r, arm], [arm, arm], [arm, r], [-arm, r], [-arm, arm], [-r, arm], [-r, -arm], [-arm, -arm]];
    corners.forEach(([dx, dy], i) => context[i ? "lineTo" : "moveTo"](x + dx, y + dy));
    context.closePath();
  },
};

function traceRegular(context, x, y, radius, corners) {
  for (let i = 0; i < corners; i += 1) {
    const angle = (2 * Math.PI * i) / corners - Math.PI / 2;
    context[i ? "lineTo" : "moveTo"](x + radius * Math.cos(angle), y + radius * Math.sin(angle));
  }
  context.closePath();
}

const patternTiles = new Map();

function patternFill(context, pattern, colour) {
  const sharpness = 2 * (window.devicePixelRatio || 1);
  const name = `${pattern.name} ${colour} ${sharpness}`;
  if (!patternTiles.has(name)) patternTiles.set(name, drawTile(pattern, colour, sharpness));
  const fill = context.createPattern(patternTiles.get(name), "repeat");
  fill.setTransform(new DOMMatrix().rotate(pattern.rotate).scale(1 / sharpness));
  return fill;
}

function drawTile(pattern, colour, sharpness) {
  const tile = document.createElement("canvas");
  tile.width = pattern.size[0] * sharpness;
  tile.height = pattern.size[1] * sharpness;
  const context = tile.getContext("2d");
  context.scale(sharpness, sharpness);
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.lineWidth = pattern.width;
  if (pattern.path) context.stroke(new Path2D(pattern.path));
  for (const [x, y, radius] of pattern.dots) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
  }
  return tile;
}

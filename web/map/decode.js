// Features as they are packed into the page: whole numbers of seven bits a byte, coordinates as steps from the last.

function integersOf(base64) {
  const text = atob(base64);
  const values = [];
  let value = 0;
  let place = 1;
  for (let i = 0; i < text.length; i += 1) {
    const byte = text.charCodeAt(i);
    value += (byte & 127) * place;
    if (byte & 128) {
      place *= 128;
    } else {
      values.push(value);
      value = 0;
      place = 1;
    }
  }
  return values;
}

// Where each group of `sizes` begins, and the end of the last.
function startsOf(sizes) {
  const starts = new Uint32Array(sizes.length + 1);
  for (let i = 0; i < sizes.length; i += 1) starts[i + 1] = starts[i] + sizes[i];
  return starts;
}

// Web Mercator over the unit square, north at 0.
const mercatorX = (longitude) => (longitude + 180) / 360;
const mercatorY = (latitude) => 0.5 - Math.log(Math.tan(Math.PI / 4 + (latitude * Math.PI) / 360)) / (2 * Math.PI);
const longitudeOf = (x) => x * 360 - 180;
const latitudeOf = (y) => (Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) * 360) / Math.PI - 90;

// Adds to a layer: x, y of its vertices, `rings` and `vertices` (where each feature's rings and each ring's vertices
// begin), the box of each feature, and the features of each entry.
function unpackShapes(layer) {
  const steps = integersOf(layer.coordinates);
  const count = steps.length / 2;
  layer.x = new Float64Array(count);
  layer.y = new Float64Array(count);
  let longitude = 0;
  let latitude = 0;
  for (let i = 0; i < count; i += 1) {
    const [east, north] = [steps[2 * i], steps[2 * i + 1]];
    longitude += east % 2 ? -(east + 1) / 2 : east / 2;
    latitude += north % 2 ? -(north + 1) / 2 : north / 2;
    layer.x[i] = mercatorX(longitude / layer.scale);
    layer.y[i] = mercatorY(latitude / layer.scale);
  }
  layer.rings = startsOf(integersOf(layer.ringCounts));
  layer.vertices = startsOf(integersOf(layer.vertexCounts));
  layer.entry = integersOf(layer.entryOf);
  layer.dimension = layer.dimensions ? integersOf(layer.dimensions) : null;
  layer.boxes = boxesOf(layer);
  layer.featuresOf = layer.entries.map(() => []);
  layer.entry.forEach((entry, feature) => layer.featuresOf[entry].push(feature));
  for (const column of layer.columns) column.index = integersOf(column.index);
}

function boxesOf(layer) {
  const features = layer.rings.length - 1;
  const boxes = new Float64Array(4 * features);
  for (let feature = 0; feature < features; feature += 1) {
    let [west, north, east, south] = [Infinity, Infinity, -Infinity, -Infinity];
    const last = layer.vertices[layer.rings[feature + 1]];
    for (let i = layer.vertices[layer.rings[feature]]; i < last; i += 1) {
      if (layer.x[i] < west) west = layer.x[i];
      if (layer.x[i] > east) east = layer.x[i];
      if (layer.y[i] < north) north = layer.y[i];
      if (layer.y[i] > south) south = layer.y[i];
    }
    boxes.set([west, north, east, south], 4 * feature);
  }
  return boxes;
}

const dimensionOf = (layer, feature) => (layer.dimension ? layer.dimension[feature] : layer.shapeDimension);

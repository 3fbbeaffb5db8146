// Lengths and areas on the WGS 84 ellipsoid, for measuring on a map.

const EQUATORIAL_RADIUS = 6378137.0;
const FLATTENING = 1 / 298.257223563;
const ECCENTRICITY_SQUARED = FLATTENING * (2 - FLATTENING);
const ECCENTRICITY = Math.sqrt(ECCENTRICITY_SQUARED);
const radians = (degrees) => (degrees * Math.PI) / 180;

// Lambert's formula for long lines: a great circle between reduced latitudes, corrected to the first order of the
// flattening; within ten metres over thousands of kilometres.
function geodesicLength(from, to) {
  const reducedFrom = Math.atan((1 - FLATTENING) * Math.tan(radians(from.lat)));
  const reducedTo = Math.atan((1 - FLATTENING) * Math.tan(radians(to.lat)));
  const halfLatitude = Math.sin((reducedTo - reducedFrom) / 2);
  const halfLongitude = Math.sin(radians(to.lng - from.lng) / 2);
  const haversine = halfLatitude ** 2 + Math.cos(reducedFrom) * Math.cos(reducedTo) * halfLongitude ** 2;
  if (haversine === 0) return 0;
  const angle = 2 * Math.asin(Math.min(1, Math.sqrt(haversine)));
  const mean = (reducedFrom + reducedTo) / 2;
  const half = (reducedTo - reducedFrom) / 2;
  const x = ((angle - Math.sin(angle)) * (Math.sin(mean) * Math.cos(half)) ** 2) / Math.cos(angle / 2) ** 2;
  const y = ((angle + Math.sin(angle)) * (Math.cos(mean) * Math.sin(half)) ** 2) / Math.sin(angle / 2) ** 2;
  return EQUATORIAL_RADIUS * (angle - (FLATTENING / 2) * (x + y));
}

function lengthOfLine(points) {
  let length = 0;
  for (let i = 1; i < points.length; i += 1) length += geodesicLength(points[i - 1], points[i]);
  return length;
}

// q of Snyder (1987), formula 3-12: proportional to the area between the equator and a latitude.
function areaToLatitude(sine) {
  return (
    (1 - ECCENTRICITY_SQUARED) *
    (sine / (1 - ECCENTRICITY_SQUARED * sine * sine) -
      Math.log((1 - ECCENTRICITY * sine) / (1 + ECCENTRICITY * sine)) / (2 * ECCENTRICITY))
  );
}
const AREA_TO_POLE = areaToLatitude(1);

// The ellipsoid is carried to the sphere of equal area (authalic latitudes); there the spherical excess of each edge's
// strip down to the equator is summed.
function areaOfRing(points) {
  const authalic = points.map(({ lat, lng }) => ({
    half: Math.asin(Math.max(-1, Math.min(1, areaToLatitude(Math.sin(radians(lat))) / AREA_TO_POLE))) / 2,
    longitude: radians(lng),
  }));
  let excess = 0;
  for (let i = 0; i < authalic.length; i += 1) {
    const a = authalic[i];
    const b = authalic[(i + 1) % authalic.length];
    const [tanA, tanB] = [Math.tan(a.half), Math.tan(b.half)];
    excess += 2 * Math.atan((Math.tan((b.longitude - a.longitude) / 2) * (tanA + tanB)) / (1 + tanA * tanB));
  }
  return Math.abs(excess) * ((EQUATORIAL_RADIUS ** 2 * AREA_TO_POLE) / 2);
}

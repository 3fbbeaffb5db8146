// Sizes for headings. What an answer says is computed by the service, never here.

import type { Geometry, Restriction } from "../types";

/** Area of a place on the sphere in m², none for a point. */
export function surface(geometry: Geometry): number | null {
  const rings = geometry.type === "Polygon" ? geometry.coordinates : geometry.type === "MultiPolygon" ? geometry.coordinates.flat() : null;
  if (!rings) return null;
  const radians = (value: number) => (value * Math.PI) / 180;
  const of = (ring: GeoJSON.Position[]) => {
    let sum = 0;
    for (let i = 1; i < ring.length; i++) {
      const [ax = 0, ay = 0] = ring[i - 1]!, [bx = 0, by = 0] = ring[i]!;
      sum += radians(bx - ax) * (2 + Math.sin(radians(ay)) + Math.sin(radians(by)));
    }
    return (sum * 6_371_007.2 ** 2) / 2;
  };
  return Math.abs(rings.reduce((sum, ring) => sum + of(ring), 0));
}

/** The service's own measure of the place, from a row that says both an area and its share. */
export function shareOf(rows: Restriction[]): number | null {
  const row = rows.filter((each) => each.share > 0.05 && each.area_m2 > 0).sort((a, b) => b.share - a.share)[0];
  return row ? row.area_m2 / row.share : null;
}

// Vector tiles are fetched here, because only here the service's word on what it left out of them can be read.

import { addProtocol } from "maplibre-gl";
import { signal } from "@preact/signals";

const SCHEME = "tile";
/** Layers of whose latest tiles features were left out, and at which zoom. */
export const leftOut = signal<ReadonlyMap<string, number>>(new Map());

export const through = (url: string): string => url.replace(/^https?:/, `${SCHEME}:`);

function told(url: string, dropped: boolean): void {
  const found = /\/collections\/([^/]+)\/tiles\/[^/]+\/(\d+)\//.exec(url);
  if (!found) return;
  const layer = decodeURIComponent(found[1]!);
  const zoom = Number(found[2]);
  const before = leftOut.value.get(layer);
  if (dropped ? before === zoom : before === undefined || before === zoom) return;
  const next = new Map(leftOut.value);
  if (dropped) next.set(layer, zoom);
  else next.delete(layer);
  leftOut.value = next;
}

addProtocol(SCHEME, async ({ url }, stop) => {
  const response = await fetch(location.protocol + url.slice(SCHEME.length + 1), { signal: stop.signal });
  if (!response.ok) throw new Error(`a tile was answered with ${response.status}`);
  told(url, Number(response.headers.get("spacegov-dropped") ?? 0) > 0);
  return { data: response.status === 204 ? new ArrayBuffer(0) : await response.arrayBuffer() };
});

// The frames of an answer: which there are, which is shown, how their columns are called.

import type { Card, Feature, Frame, Results, Tool } from "../types";

export interface NamedFrame extends Frame {
  name: string;
}

export function framesOf(results: Results): NamedFrame[] {
  return Object.entries(results).flatMap(([name, value]) => (value && typeof value === "object" && "collection" in value ? [{ ...(value as Frame), name }] : []));
}

/** The frame that the tool's card shows, else the first that has shapes. */
export function shownFrame(tool: Tool, results: Results): NamedFrame | null {
  const frames = framesOf(results);
  const spatial = (frame: NamedFrame) => !frame.value || frame.value.features.some((feature) => feature.geometry);
  const named = frames.find((frame) => frame.name === tool.show?.frame) ?? frames.find((frame) => tool.frames.includes(frame.name));
  return named && (named.value === undefined || named.value.features.length > 0) && spatial(named) ? named : (frames.find((frame) => frame.value && frame.value.features.length > 0 && spatial(frame)) ?? null);
}

/** Columns that say something: not all empty, at most as many as fit. */
export function columnsOf(features: Feature[], tool: Tool, most: number): string[] {
  const names = Object.keys(features[0]?.properties ?? {});
  const told = names.filter((name) => features.some((feature) => feature.properties[name] !== null && feature.properties[name] !== ""));
  const first = [tool.show?.colour_by, ...(tool.show?.sum_by ?? []), "area_m2", "length_m"].filter((name): name is string => name !== undefined && told.includes(name));
  const order = [...new Set([...first, ...told])].slice(0, most);
  return order;
}

export const asFields = (tool: Tool): Pick<Card, "fields"> => ({
  fields: Object.fromEntries(Object.entries(tool.columns).map(([name, column]) => [name, { type: "", title: column.title ?? null, unit: column.unit ?? null, codes: column.codes ?? null }])),
});

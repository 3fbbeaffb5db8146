// The state of the viewer. All of it that a link should carry is written into the address.

import { computed, effect, signal } from "@preact/signals";
import type { Feature, Geometry, Language, Layer, Scenario, Text, Theme, Tool, Workspace } from "./types";

export type PageName = "map" | "integration" | "protection" | "use" | "security" | "emergency" | "foundation" | "tool" | "scenario";
export type Mode = "identify" | "extract" | "draw" | "measure";
export interface Active {
  id: string;
  opacity: number;
  hidden: boolean;
  /** Only records that pass this CQL2 filter. */
  where?: string;
  /** On which side of the line it lies while two states are compared; on both without it. */
  side?: "left" | "right";
}
export interface View {
  zoom: number;
  latitude: number;
  longitude: number;
}
/** What an extract is asked about. */
export interface Place {
  geometry: Geometry;
  layer?: string;
  feature?: string;
  label?: string;
}
export interface Case {
  building: string;
  date: string;
  at: [number, number];
}

export const page = signal<PageName>("map");
export const toolId = signal<string | null>(null);
export const scenarioId = signal<string | null>(null);
export const jobId = signal<string | null>(null);
export const view = signal<View | null>(null);
export const active = signal<Active[]>([]);
export const query = signal("");
export const facets = signal<Record<string, string>>({});
export const cardOpen = signal<string | null>(null);
export const place = signal<Place | null>(null);
export const identified = signal<[number, number] | null>(null);
export const area = signal<Geometry | null>(null);
export const areaName = signal<"drawnArea" | "uploadedArea">("drawnArea");
export const cases = signal<Case[]>([]);
export const until = signal<string | null>(null);
export const mode = signal<Mode>("identify");
/** Where the line between two compared states stands, in hundredths of the map's width; null while none are. */
export const swipe = signal<number | null>(null);
export const language = signal<Language>("en");
export const theme = signal<Theme>("light");

export const territory = signal<Workspace | null>(null);
export const layers = signal<Layer[]>([]);
export const tools = signal<Tool[]>([]);
export const scenarios = signal<Scenario[]>([]);
export const failure = signal<string | null>(null);
export const told = signal<string | null>(null);
/** Layers of this visit that are in no catalogue: answers and uploads. */
export const own = signal<Record<string, Text>>({});
export const highlighted = signal<Feature[]>([]);

export const byId = computed(() => new Map(layers.value.map((layer) => [layer.id, layer])));
const PAGES: PageName[] = ["map", "integration", "protection", "use", "security", "emergency", "foundation", "tool", "scenario"];
const LANGUAGES: Language[] = ["en", "zh", "ru"];

const short = (value: number) => Number(value.toFixed(6));

/** Write the state as an address. */
export function address(): string {
  const words = new URLSearchParams();
  if (view.value) words.set("at", [view.value.zoom.toFixed(2), short(view.value.latitude), short(view.value.longitude)].join("/"));
  if (active.value.length || chosen)
    words.set("layers", active.value.map(({ id, opacity, hidden, side }) => `${id}~${Math.round(opacity * 100)}${hidden ? "h" : ""}${side ? side[0] : ""}`).join(","));
  for (const { id, where } of active.value) if (where) words.append("where", `${id}~${where}`);
  if (swipe.value !== null) words.set("swipe", String(Math.round(swipe.value)));
  if (query.value) words.set("q", query.value);
  const kept = Object.entries(facets.value).filter(([, value]) => value);
  if (kept.length) words.set("only", kept.map(([name, value]) => `${name}:${value}`).join(","));
  if (cardOpen.value) words.set("card", cardOpen.value);
  if (place.value) words.set("place", placeWords(place.value));
  if (area.value) words.set("area", shapeWords(area.value));
  if (jobId.value && (page.value === "tool" || page.value === "scenario")) words.set("job", jobId.value);
  if (page.value === "emergency") {
    if (cases.value.length) words.set("cases", cases.value.map(({ building, date, at }) => [building, date, ...at.map(short)].join("~")).join(","));
    if (until.value) words.set("until", until.value);
  }
  words.set("lang", language.value);
  words.set("theme", theme.value);
  const named = { tool: toolId.value, scenario: scenarioId.value }[page.value as "tool"];
  const path = named ? `${page.value}/${named}` : page.value;
  return `#/${path}?${words.toString().replaceAll("%2F", "/").replaceAll("%2C", ",").replaceAll("%7E", "~").replaceAll("%3A", ":")}`;
}

function placeWords(found: Place): string {
  if (found.layer && found.feature) return `${found.layer}~${found.feature}`;
  return shapeWords(found.geometry);
}

function shapeWords(geometry: Geometry): string {
  if (geometry.type === "Point") return geometry.coordinates.map(short).join(" ");
  if (geometry.type === "Polygon") return (geometry.coordinates[0] ?? []).slice(0, -1).map((each) => each.map(short).join(" ")).join(",");
  return "";
}

function shapeFrom(text: string): Geometry | null {
  const points = text.split(",").map((each) => each.split(" ").map(Number)) as [number, number][];
  if (!points.length || points.some((each) => each.length !== 2 || !each.every(Number.isFinite))) return null;
  if (points.length === 1) return { type: "Point", coordinates: points[0]! };
  return points.length < 3 ? null : { type: "Polygon", coordinates: [[...points, points[0]!]] };
}

/** Read the state from an address; what it does not name keeps its value on the first reading only. */
export function read(hash: string): void {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?");
  const words = new URLSearchParams(search);
  const [name = "map", id] = path.split("/");
  page.value = PAGES.includes(name as PageName) ? (name as PageName) : "map";
  toolId.value = page.value === "tool" ? (id ?? null) : toolId.value;
  scenarioId.value = page.value === "scenario" ? (id ?? null) : scenarioId.value;
  if (page.value === "tool" || page.value === "scenario") asker = page.value;
  const at = words.get("at")?.split("/").map(Number);
  if (at?.length === 3 && at.every(Number.isFinite)) view.value = { zoom: at[0]!, latitude: at[1]!, longitude: at[2]! };
  chosen ||= words.has("layers");
  const wheres = new Map(words.getAll("where").map((each) => [each.slice(0, each.indexOf("~")), each.slice(each.indexOf("~") + 1)]));
  if (words.has("layers"))
    active.value = words
      .get("layers")!
      .split(",")
      .filter(Boolean)
      .map((each) => {
        const [layer = "", rest = "100"] = each.split("~");
        const opacity = Number.parseFloat(rest);
        const side = rest.endsWith("l") ? ("left" as const) : rest.endsWith("r") ? ("right" as const) : null;
        const where = wheres.get(layer);
        return {
          id: layer, opacity: Number.isFinite(opacity) ? Math.min(1, Math.max(0, opacity / 100)) : 1, hidden: rest.includes("h"),
          ...(side ? { side } : {}), ...(where ? { where } : {}),
        };
      });
  const line = Number.parseFloat(words.get("swipe") ?? "");
  swipe.value = Number.isFinite(line) ? Math.min(98, Math.max(2, line)) : null;
  query.value = words.get("q") ?? "";
  facets.value = Object.fromEntries((words.get("only") ?? "").split(",").filter(Boolean).map((each) => each.split(":") as [string, string]));
  cardOpen.value = words.get("card");
  place.value = placeFrom(words.get("place"));
  area.value = words.has("area") ? shapeFrom(words.get("area")!) : null;
  jobId.value = words.get("job");
  cases.value = (words.get("cases") ?? "").split(",").filter(Boolean).flatMap((each) => {
    const [building = "", date = "", x, y] = each.split("~");
    const at: [number, number] = [Number(x), Number(y)];
    return at.every(Number.isFinite) ? [{ building, date, at }] : [];
  });
  until.value = words.get("until");
  const lang = words.get("lang") as Language;
  if (LANGUAGES.includes(lang)) language.value = lang;
  const given = words.get("theme");
  if (given === "light" || given === "dark") theme.value = given;
}

function placeFrom(text: string | null): Place | null {
  if (!text) return null;
  const [layer, feature] = text.split("~");
  // Its shape is fetched by whoever shows it.
  if (layer && feature) return { layer, feature, geometry: { type: "GeometryCollection", geometries: [] } };
  const geometry = shapeFrom(text);
  return geometry && { geometry };
}

/** Whether the job in the address is a tool's or a scenario's. */
let asker: PageName | null = null;

/** Go to a page; the browser's back button returns. */
export function go(name: PageName, id: string | null = null): void {
  history.pushState(null, "", address());
  const asked = { tool: toolId, scenario: scenarioId }[name as "tool"];
  if (asked) {
    // A job belongs to what it was started from.
    if (name !== asker || id !== asked.value) jobId.value = null;
    asked.value = id;
    asker = name;
  }
  page.value = name;
  if (name !== "map") place.value = null;
}

let timer = 0;
let written = "";
/** Whether the reader, or a link, has chosen the layers; an empty choice is one too. */
let chosen = false;

export function begun(first: Active[]): void {
  if (!chosen) active.value = first;
  chosen = true;
}

/** Read the address, and from then on write it as the state changes. */
export function keepAddress(): void {
  theme.value = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const preferred = navigator.language.slice(0, 2) as Language;
  if (LANGUAGES.includes(preferred)) language.value = preferred;
  read(location.hash);
  addEventListener("popstate", () => location.hash !== written && read(location.hash));
  addEventListener("hashchange", () => location.hash !== written && read(location.hash));
  effect(() => {
    const next = address();
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      written = next;
      if (next !== location.hash) history.replaceState(null, "", next);
    }, 120);
  });
}

/** Tell something in passing. */
export function tell(text: string): void {
  told.value = text;
  setTimeout(() => told.value === text && (told.value = null), 4000);
}

// Notices of a drill: the tool run once for every day on which a case becomes known.

import { signal } from "@preact/signals";
import * as api from "../api";
import type { Case } from "../state";
import { own } from "../state";
import type { Feature, Results } from "../types";
import { framesOf } from "../tool/frames";

export const TOOL = "delineate-three-zones";

export interface Notice {
  day: string;
  results: Results;
  zones: Feature[];
  buildings: string;
  /** Zone of each building that is not in prevention. */
  states: Map<string, string>;
}

export const notices = signal<Notice[]>([]);
export const working = signal<{ done: number; of: number; step: string } | null>(null);
export const fault = signal<string | null>(null);
let turn = 0;

export const daysOf = (cases: Case[]): string[] => [...new Set(cases.map((each) => each.date))].sort();

export function clear(): void {
  turn++;
  notices.value = [];
  working.value = null;
  fault.value = null;
}

/** Ask for the zones of every day. */
export async function delineate(cases: Case[]): Promise<void> {
  const mine = ++turn;
  const days = daysOf(cases);
  notices.value = [];
  fault.value = null;
  working.value = { done: 0, of: days.length, step: "" };
  try {
    const features = cases.map(({ building, date, at }) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: at },
      properties: { building_id: building, date, onset: date },
    }));
    const sent = await api.upload("cases.geojson", new Blob([JSON.stringify({ type: "FeatureCollection", features })]));
    for (const [i, day] of days.entries()) {
      const job = await api.start(TOOL, { cases: sent.id, onset: "onset", people: "residents", until: day });
      const ended = await ends(job.jobID, mine, (step) => (working.value = { done: i, of: days.length, step }));
      if (!ended) return;
      const results = await api.results(job.jobID);
      const made = await notice(day, results);
      if (mine !== turn) return;
      notices.value = [...notices.value, made];
    }
  } catch (error) {
    if (mine === turn) fault.value = (error as Error).message;
  } finally {
    if (mine === turn) working.value = null;
  }
}

async function ends(id: string, mine: number, tell: (step: string) => void): Promise<boolean> {
  for (;;) {
    const job = await api.job(id);
    if (mine !== turn) return false;
    if (job.status === "successful") return true;
    if (job.status === "failed" || job.status === "dismissed") throw new Error(job.message ?? "the tool failed");
    tell(job.message ?? "");
    await new Promise((done) => setTimeout(done, 300));
  }
}

async function notice(day: string, results: Results): Promise<Notice> {
  const frames = framesOf(results);
  const zones = frames.find((frame) => frame.name === "zones");
  const buildings = frames.find((frame) => frame.name === "buildings")!.collection;
  const strict = await api.items(buildings, { filter: "zone IN ('containment','control')", properties: "building_id,zone", limit: "10000" });
  own.value = { ...own.value, [buildings]: { en: `Buildings by zone, ${day}`, zh: `各楼栋分区，${day}`, ru: `Здания по зонам, ${day}` } };
  return {
    day,
    results,
    zones: zones?.value?.features ?? [],
    buildings,
    states: new Map(strict.features.map((feature) => [String(feature.properties.building_id), String(feature.properties.zone)])),
  };
}

const STRICTNESS: Record<string, number> = { containment: 2, control: 1 };

/** How the buildings moved between two notices. */
export function moved(now: Notice, before: Notice): { tightened: string[]; eased: string[] } {
  const rank = (states: Map<string, string>, id: string) => STRICTNESS[states.get(id) ?? ""] ?? 0;
  const ids = new Set([...now.states.keys(), ...before.states.keys()]);
  const tightened: string[] = [];
  const eased: string[] = [];
  for (const id of ids) {
    const change = rank(now.states, id) - rank(before.states, id);
    if (change > 0) tightened.push(id);
    if (change < 0) eased.push(id);
  }
  return { tightened, eased };
}

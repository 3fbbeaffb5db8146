// Search in the catalogue: words in three languages, prefixes, slips of the pen, facets.

import MiniSearch from "minisearch";
import { computed, effect, signal } from "@preact/signals";
import { facets, layers, query, territory } from "../state";
import type { Layer } from "../types";

const CHINESE = /[\u3400-\u9fff]/;

/** Cut a text into words; Chinese, which has no spaces, into characters and pairs. */
export function words(text: string): string[] {
  const found: string[] = [];
  for (const piece of text.toLowerCase().split(/[^\p{L}\p{N}]+/u)) {
    if (!piece) continue;
    if (!CHINESE.test(piece)) found.push(piece);
    else
      for (let i = 0; i < piece.length; i++) {
        found.push(piece[i]!);
        if (i + 1 < piece.length) found.push(piece.slice(i, i + 2));
      }
  }
  return found;
}

type Entry = { id: string; title: string; more: string };
const index = signal<MiniSearch<Entry> | null>(null);
/** Entries indexed at a stretch, so that the page stays quick meanwhile. */
const STRETCH = 40;
const values = (text: unknown): string => (typeof text === "string" ? text : Object.values((text as object) ?? {}).join(" "));

/** Make the index, ahead of the first search. */
effect(() => {
  const stewards = territory.value?.stewards ?? {};
  const entries = layers.value.map((layer) => ({
    id: layer.id,
    title: values(layer.title),
    more: [layer.id, layer.theme ?? "", values(stewards[layer.steward]?.title)].join(" "),
  }));
  const made = new MiniSearch<Entry>({
    fields: ["title", "more"],
    tokenize: words,
    searchOptions: { boost: { title: 3 }, prefix: true, fuzzy: (word) => (CHINESE.test(word) || word.length < 4 ? 0 : 0.25), combineWith: "AND" },
  });
  void made.addAllAsync(entries, { chunkSize: STRETCH }).then(() => (index.value = made));
});

function passes(layer: Layer): boolean {
  const { status, sharing, tier, steward, space } = facets.value;
  return (
    (!status || layer.status === status) &&
    (!sharing || layer.sharing === sharing) &&
    (!tier || layer.tier === tier) &&
    (!steward || layer.steward === steward) &&
    (!space || layer.space === space)
  );
}

/** The layers that match, by relevance where words are given. */
export const found = computed<Layer[]>(() => {
  const kept = layers.value.filter(passes);
  if (!query.value.trim()) return kept;
  const search = index.value;
  if (!search) return kept.filter((layer) => values(layer.title).toLowerCase().includes(query.value.trim().toLowerCase()));
  const start = performance.now();
  const by = new Map(kept.map((layer) => [layer.id, layer]));
  const hits = search.search(query.value).flatMap((hit) => by.get(hit.id as string) ?? []);
  performance.measure("search", { start, end: performance.now() });
  return hits;
});

/** The word nearest to one that nothing matches. */
export const suggestion = computed<string | null>(() => {
  if (!index.value || found.value.length || !query.value.trim()) return null;
  const near = index.value.autoSuggest(query.value, { fuzzy: 0.45, prefix: true, combineWith: "OR" });
  const best = near.find((each) => each.suggestion.toLowerCase() !== query.value.trim().toLowerCase());
  return best?.suggestion ?? null;
});

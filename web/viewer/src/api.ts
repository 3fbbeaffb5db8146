// Requests to the service this page came from. Nothing else is ever asked.

import type { Card, Catalogue, Extract, Geometry, Job, LayerStyle, Page, Results, Scenario, ScenarioResults, Tool, Workspace } from "./types";

/** What the service refused, in its own sentence. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly request?: string,
  ) {
    super(detail);
  }
}

async function ask<T>(path: string, options: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refusal(0, "the service does not answer; start it with: spacegov serve");
  }
  if (!response.ok) throw await refusal(response);
  return (await response.json()) as T;
}

async function refusal(response: Response): Promise<Refusal> {
  try {
    const problem = (await response.json()) as { detail?: string; request?: string };
    return new Refusal(response.status, problem.detail ?? response.statusText, problem.request);
  } catch {
    return new Refusal(response.status, `the service answered ${response.status} ${response.statusText}`);
  }
}

const json = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});
const quoted = encodeURIComponent;

export const workspace = () => ask<Workspace>("/api/workspace");
export const catalogue = () => ask<Catalogue>("/api/catalogue");
export const tools = () => ask<Tool[]>("/api/tools");
export const scenarios = () => ask<Scenario[]>("/api/scenarios");
export const card = (id: string) => ask<Card>(`/api/layers/${quoted(id)}`);
export const layerStyle = (id: string, theme: string) =>
  ask<LayerStyle>(`/api/layers/${quoted(id)}/style?theme=${theme}`);

export function items(id: string, parameters: Record<string, string>, signal?: AbortSignal): Promise<Page> {
  const query = new URLSearchParams(parameters);
  return ask<Page>(`/collections/${quoted(id)}/items?${query}`, signal ? { signal } : {});
}

export const value = (id: string, at: [number, number], signal: AbortSignal) =>
  ask<{ value: number | null }>(`/api/layers/${quoted(id)}/value?at=${at.map((each) => each.toFixed(7)).join(",")}`, { signal });

export const extract = (geometry: Geometry, signal?: AbortSignal) =>
  ask<Extract>("/api/extract", { ...json({ geometry }), ...(signal ? { signal } : {}) });

export const start = (tool: string, inputs: Record<string, unknown>) =>
  ask<Job>(`/processes/${quoted(tool)}/execution`, json({ inputs }, { prefer: "respond-async" }));

export const job = (id: string) => ask<Job>(`/jobs/${quoted(id)}`);
export const cancel = (id: string) => ask<Job>(`/jobs/${quoted(id)}`, { method: "DELETE" });
export const results = (id: string) => ask<Results>(`/jobs/${quoted(id)}/results`);
export const scenarioResults = (id: string) => ask<ScenarioResults>(`/jobs/${quoted(id)}/results`);
export const download = (job: string, frame: string, format: string) =>
  `/jobs/${quoted(job)}/results/${quoted(frame)}?f=${format}`;

export function upload(name: string, content: Blob): Promise<{ id: string; name: string; rows?: number }> {
  return ask(`/uploads?name=${quoted(name)}`, { method: "POST", body: content });
}

// Runs a tool as a job of the service: start, watch, cancel, fetch the answer.

import { signal } from "@preact/signals";
import * as api from "../api";
import { jobId, own, tools } from "../state";
import type { Geometry, Job, Results, Text, Tool } from "../types";
import { framesOf } from "./frames";
import { fieldsOf, inputsOf, type Filled } from "./form";

export interface Run {
  job: Job | null;
  results: Results | null;
  why: string | null;
  busy: boolean;
  since: number;
}

export const run = signal<Run>({ job: null, results: null, why: null, busy: false, since: 0 });
const NONE: Run = { job: null, results: null, why: null, busy: false, since: 0 };
const ENDED = ["successful", "failed", "dismissed"];
const KEPT = "spacegov-answers";
let turn = 0;

export interface Kept {
  job: string;
  /** Tool or scenario. */
  tool: string;
  at: string;
  answer: string;
}

/** Answers of this browser, newest first. */
export function answers(): Kept[] {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "[]") as Kept[];
  } catch {
    return [];
  }
}

export function keep(entry: Kept): void {
  const list = [entry, ...answers().filter((each) => each.job !== entry.job)].slice(0, 40);
  try {
    localStorage.setItem(KEPT, JSON.stringify(list));
  } catch {
    // a browser that keeps nothing still shows the answer
  }
}

export function forget(): void {
  turn++;
  run.value = NONE;
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Start a tool on the inputs of its form; with an area, the service cuts its layers to that. */
export async function begin(tool: Tool, filled: Filled, within: Geometry | null): Promise<void> {
  const mine = ++turn;
  run.value = { ...NONE, busy: true, since: Date.now() };
  try {
    const fields = fieldsOf(tool);
    const inputs = inputsOf(fields, filled, within);
    if (mine !== turn) return;
    const job = await api.start(tool.id, inputs);
    jobId.value = job.jobID;
    await watch(job.jobID, mine);
  } catch (error) {
    if (mine === turn) run.value = { ...NONE, why: (error as Error).message };
  }
}

/** Take up a job that the address names. */
export async function resume(id: string): Promise<void> {
  const mine = ++turn;
  run.value = { ...NONE, busy: true, since: Date.now() };
  try {
    await watch(id, mine);
  } catch (error) {
    if (mine === turn) run.value = { ...NONE, why: (error as Error).message };
  }
}

async function watch(id: string, mine: number): Promise<void> {
  const job = await ending(id, (seen) => {
    if (mine !== turn) return false;
    run.value = { ...run.value, job: seen };
    return true;
  });
  if (!job) return;
  if (job.status !== "successful") {
    run.value = { ...run.value, busy: false, why: job.status === "dismissed" ? null : (job.message ?? "the tool failed") };
    return;
  }
  const results = await api.results(id);
  if (mine !== turn) return;
  run.value = { ...run.value, results, busy: false };
  keep({ job: id, tool: job.processID, at: job.finished ?? new Date().toISOString(), answer: results.answer });
  own.value = { ...own.value, ...frameNames(results, job.processID) };
}

/** Follow a job to its end; null where nobody looks any more. */
export async function ending(id: string, see: (job: Job) => boolean): Promise<Job | null> {
  for (let wait = 150; ; wait = Math.min(1000, wait * 1.3)) {
    const job = await api.job(id);
    if (!see(job)) return null;
    if (ENDED.includes(job.status)) return job;
    await pause(wait);
  }
}

/** Call each frame by its tool, in all languages. */
function frameNames(results: Results, id: string): Record<string, Text> {
  const title = tools.value.find((tool) => tool.id === id)?.title ?? id;
  const found: Record<string, Text> = {};
  for (const { name, collection } of framesOf(results)) {
    const part = name.replaceAll("_", " ");
    found[collection] = typeof title === "string" ? `${title}: ${part}` : Object.fromEntries(Object.entries(title).map(([code, text]) => [code, `${text}: ${part}`]));
  }
  return found;
}

export async function stop(): Promise<void> {
  const id = run.value.job?.jobID;
  if (!id) return;
  const job = await api.cancel(id);
  turn++;
  run.value = { ...run.value, job, busy: false };
}


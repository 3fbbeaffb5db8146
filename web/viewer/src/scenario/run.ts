// Runs a scenario as a job of the service: start, watch step by step, cancel, fetch what each step came to.

import { signal } from "@preact/signals";
import * as api from "../api";
import { jobId, own, scenarios } from "../state";
import { ending, keep } from "../tool/run";
import type { Job, ScenarioResults, StepFrame, StepResult, Text } from "../types";

export interface Running {
  job: Job | null;
  results: ScenarioResults | null;
  why: string | null;
  busy: boolean;
  since: number;
}

const NONE: Running = { job: null, results: null, why: null, busy: false, since: 0 };
export const running = signal<Running>(NONE);
let turn = 0;

export function forget(): void {
  turn++;
  running.value = NONE;
}

/** Start a scenario over the whole workspace. */
export const begin = (scenario: string): Promise<void> => take(async () => (await api.start(scenario, {})).jobID);

/** Take up a job that the address names. */
export const resume = (id: string): Promise<void> => take(async () => id);

async function take(job: () => Promise<string>): Promise<void> {
  const mine = ++turn;
  running.value = { ...NONE, busy: true, since: Date.now() };
  try {
    const id = await job();
    if (mine !== turn) return;
    jobId.value = id;
    await watch(id, mine);
  } catch (error) {
    if (mine === turn) running.value = { ...NONE, why: (error as Error).message };
  }
}

async function watch(id: string, mine: number): Promise<void> {
  const job = await ending(id, (seen) => {
    if (mine !== turn) return false;
    running.value = { ...running.value, job: seen };
    return true;
  });
  if (!job) return;
  if (job.status !== "successful") {
    running.value = { ...running.value, busy: false, why: job.status === "dismissed" ? null : (job.message ?? "the scenario failed") };
    return;
  }
  const results = await api.scenarioResults(id);
  if (mine !== turn) return;
  own.value = { ...own.value, ...frameNames(results) };
  running.value = { ...running.value, results, busy: false };
  keep({ job: id, tool: job.processID, at: job.finished ?? new Date().toISOString(), answer: results.answer });
}

export async function stop(): Promise<void> {
  const id = running.value.job?.jobID;
  if (!id) return;
  const job = await api.cancel(id);
  turn++;
  running.value = { ...running.value, job, busy: false };
}

/** The frames of a step that can be drawn: its answer's own, those with something in them. */
export function drawnFrames(results: ScenarioResults, step: StepResult): { name: string; frame: StepFrame }[] {
  return step.frames.flatMap((name) => {
    const frame = results[name] as StepFrame | undefined;
    return frame?.spatial && frame.rows !== 0 ? [{ name, frame }] : [];
  });
}

/** Join what gave a frame and what it is called, in every language of the first. */
function joined(head: Text, part: Text): Text {
  const said = (code: string) => (typeof part === "string" ? part : (part[code as "en"] ?? part.en ?? ""));
  const heads = typeof head === "string" ? { en: head } : head;
  return Object.fromEntries(Object.entries(heads).map(([code, text]) => [code, `${text}${code === "zh" ? "：" : ": "}${said(code)}`]));
}

/** Call each frame by its step, in all languages. */
function frameNames(results: ScenarioResults): Record<string, Text> {
  const card = scenarios.value.find((each) => each.id === results.scenario);
  const found: Record<string, Text> = {};
  for (const step of results.steps) {
    const title = card?.steps.find((each) => each.id === step.id)?.title ?? step.id;
    for (const name of step.frames) {
      const { collection, titles } = results[name] as StepFrame;
      found[collection] = name.endsWith(".result") ? title : joined(title, titles);
    }
  }
  return found;
}

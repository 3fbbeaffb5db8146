// What the service answers, as docs/service.md describes it.

export type Language = "en" | "zh" | "ru";
export type Theme = "light" | "dark";
export type Text = string | Partial<Record<Language, string>>;
export type Bounds = [number, number, number, number];
export type Geometry = GeoJSON.Geometry;
export type Feature = GeoJSON.Feature<Geometry | null, Record<string, unknown>>;

export interface Workspace {
  title: Text;
  about: Text | null;
  crs: string;
  language: Language;
  bounds: Bounds | null;
  units: Record<string, string>;
  background: Record<string, string[]>;
  stewards: Record<string, { title: Text; code: string }>;
  applications: { id: string; title: Text }[];
  limits: { bodyBytes: number; uploadBytes: number; features: number; vertices: number; waitSeconds: number };
  version: string;
}

export interface Catalogue {
  columns: string[];
  rows: unknown[][];
  facets: Record<string, Record<string, number>>;
}

export interface Layer {
  id: string;
  title: Text;
  space: string;
  steward: string;
  sharing: "open" | "conditional" | "restricted";
  status: string;
  coverage: "whole" | "partial" | null;
  kind: string;
  version: string | null;
  tier: string | null;
  theme: string | null;
}

export interface Field {
  type: string;
  title: Text | null;
  about?: Text | null;
  unit?: string | null;
  codes?: Record<string, Text> | null;
}

export interface Card {
  id: string;
  title: Text;
  about?: Text | null;
  kind: string;
  steward?: string;
  department?: Text;
  sharing?: { class: string; reason: Text | null };
  status?: string;
  coverage?: string;
  version?: string | null;
  update?: string | null;
  fields?: Record<string, Field>;
  quality?: { tier?: string };
  binding?: { licence?: string | null; valid_from?: string | null; valid_to?: string | null } | null;
  restriction?: { theme: string; documents?: { title: Text; date?: string; article?: string }[] } | null;
  bounds?: Bounds | null;
  rows?: number;
  key?: string | null;
  columns?: Record<string, string>;
}

export interface LegendEntry {
  key: string;
  title: Text;
  note: Text | null;
  colour: string;
  ink: string;
  pattern: string;
  line: string;
  fill: number;
  width: number;
  marker: string;
  count?: number | null;
  area_m2?: number | null;
  length_m?: number | null;
}

export interface LayerStyle {
  id: string;
  title: Text;
  shape: string;
  field: string | null;
  fieldTitle: Text | null;
  unit: string | null;
  source: Record<string, unknown> & { type: string; tiles: string[]; bounds?: Bounds };
  layers: Record<string, unknown>[];
  images: Record<string, string>;
  legend: LegendEntry[];
  counted: boolean;
}

export interface Page {
  features: Feature[];
  numberMatched?: number;
  numberReturned: number;
}

export interface Restriction {
  theme: string;
  layer: string;
  title: string;
  answer: "present" | "absent" | "not_covered" | "failed";
  below_threshold: boolean;
  area_m2: number;
  length_m: number;
  objects: number;
  share: number;
  not_covered_m2: number;
  values: string | null;
  records: string | null;
  law_status: string | null;
  valid_from: string | null;
  valid_to: string | null;
  documents: string | null;
  department: string | null;
  version: string | null;
  error: string | null;
}

export interface Extract {
  job: string;
  answer: string;
  summary: Record<string, unknown>;
  provenance: Provenance;
  restrictions: { features: { properties: Restriction; geometry: Geometry | null }[] };
}

export interface Schema {
  type?: string;
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  format?: string;
  minimum?: number;
  maximum?: number;
  unit?: string;
  items?: Schema;
  anyOf?: Schema[];
  layer?: { geometry: string[]; kind: string; many: boolean };
}

export interface Column {
  title?: Text;
  unit?: string;
  codes?: Record<string, Text>;
}

export interface Tool {
  id: string;
  application: string;
  title: Text;
  question: Text;
  about?: Text;
  layers: Record<string, string | string[]>;
  policy: Record<string, string>;
  cites: string[];
  columns: Record<string, Column>;
  show?: { frame?: string; colour_by?: string; sum_by?: string[] };
  options: Record<string, unknown>;
  vary?: Record<string, unknown[]>;
  schema: { properties: Record<string, Schema>; required?: string[] };
  withheld: Record<string, string>;
  frames: string[];
}

export interface Job {
  jobID: string;
  processID: string;
  status: "accepted" | "running" | "successful" | "failed" | "dismissed";
  message?: string;
  progress: number;
  /** Where a running scenario is. */
  step?: { id: string; number: number; of: number };
  started?: string;
  finished?: string;
}

export interface Provenance {
  tool: string;
  software: string;
  cites: string[];
  seconds?: number;
  parameters: Record<string, unknown>;
  policies: { name?: string; title?: Text; version?: string }[];
  inputs: { role: string; layer: string; title: Text | null; version: string | null; rows: number | null; coverage: string }[];
  dropped?: { reason?: string; rows?: number; count?: number }[];
  doubts?: { text?: Text }[];
}

export interface Frame {
  collection: string;
  href: string;
  type: string;
  value?: { features: Feature[] };
}

export interface Results {
  answer: string;
  summary: Summary;
  provenance: Provenance;
  job: string;
  [frame: string]: unknown;
}

export interface Figures {
  rows: number;
  area_m2?: number;
  length_m?: number;
}

export interface Summary {
  rows?: number;
  area_m2?: number;
  by?: Record<string, Record<string, Figures>>;
  frames?: Record<string, Figures>;
  [figure: string]: unknown;
}

export interface Decision {
  asked: Text;
  proposal: Text | null;
  choices: { id: string; title: Text }[];
}

export interface ScenarioStep {
  id: string;
  title: Text;
  department: string;
  tool: string | null;
  decision: Decision | null;
  days: number;
  basis: Text[];
  /** Steps that come before it. */
  after: string[];
  layers: string[];
  /** Layers it would not be given, with the department that withholds each. */
  withheld: Record<string, Text>;
}

export interface Deliverable {
  title: Text;
  signatures: string[];
  about: Text | null;
}

export interface Scenario {
  id: string;
  application: string;
  title: Text;
  question: Text;
  about: Text | null;
  departments: string[];
  days: number;
  steps: ScenarioStep[];
  shows: string;
  deliverable: Deliverable;
  cites: string[];
}

export interface StepResult {
  id: string;
  status: "done" | "failed" | "skipped" | "proposed";
  answer: Text | null;
  error: string | null;
  withheld: { layer: string; department: Text } | null;
  seconds: number;
  frames: string[];
}

/** A frame of a step, as a link. */
export interface StepFrame extends Frame {
  titles: Text;
  spatial: boolean;
  rows?: number;
}

export interface ScenarioResults {
  scenario: string;
  status: "done" | "partly failed" | "failed";
  answer: string;
  answers: Text;
  steps: StepResult[];
  /** Frames that a map opens with, the foremost first. */
  draws: string[];
  seconds: number;
  /** Languages in which a PDF can be set. */
  pdf: Language[];
  job: string;
  [frame: string]: unknown;
}

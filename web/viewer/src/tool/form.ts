// From a tool's schema to the fields of its form, and from what was filled in to inputs.

import type { Geometry, Schema, Tool } from "../types";
import { t } from "../words";

export interface LayerField {
  kind: "layers";
  name: string;
  title: string;
  help: string;
  many: boolean;
  wants: string;
  required: boolean;
  value: string[];
}
export interface OptionField {
  kind: "number" | "boolean" | "choice" | "date" | "text" | "rules" | "list";
  name: string;
  title: string;
  help: string;
  unit: string;
  choices: string[];
  minimum?: number;
  maximum?: number;
  whole: boolean;
  nullable: boolean;
  value: unknown;
}
export type Field = LayerField | OptionField;

const listed = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : typeof value === "string" ? [value] : []);

/** Find what is meant beside null. */
function real(schema: Schema): Schema {
  const options = schema.anyOf?.filter((each) => each.type !== "null") ?? [];
  return options.length ? { ...options[0], ...schema, type: options[0]?.type ?? "string", ...(options[0]?.enum ? { enum: options[0].enum } : {}) } : schema;
}

function kindOf(schema: Schema): OptionField["kind"] {
  if (schema.enum) return "choice";
  if (schema.type === "number" || schema.type === "integer") return "number";
  if (schema.type === "boolean") return "boolean";
  if (schema.type === "array") return "list";
  return schema.format === "date" ? "date" : "text";
}

/** A description without the marks of code. */
const plain = (text = ""): string => text.replaceAll("`", "");
const named = (name: string) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");

export function fieldsOf(tool: Tool): Field[] {
  const required = new Set(tool.schema.required ?? []);
  const fields: Field[] = Object.entries(tool.schema.properties).map(([name, given]) => {
    if (given.layer) {
      const many = given.layer.many || given.type === "array";
      return {
        kind: "layers", name, title: named(name), help: plain(given.description), many, wants: given.layer.kind,
        required: required.has(name) || !given.anyOf, value: listed(given.default).filter((id) => !(id in tool.withheld)),
      };
    }
    const schema = real(given);
    return {
      kind: name in tool.policy ? "rules" : kindOf(schema), name, title: named(name), help: plain(given.description),
      unit: given.unit ?? schema.unit ?? "", choices: (schema.enum ?? []).map(String), whole: schema.type === "integer",
      nullable: given.anyOf?.some((each) => each.type === "null") ?? false, value: given.default ?? null,
      ...(schema.minimum !== undefined ? { minimum: schema.minimum } : {}), ...(schema.maximum !== undefined ? { maximum: schema.maximum } : {}),
    };
  });
  const tried = Object.entries(tool.vary ?? {}).map(([name, values]) => `${named(name)} ${values.join(", ")}`);
  if (tried.length && !("vary" in tool.schema.properties))
    fields.push({ kind: "boolean", name: "vary", title: t("varyWord"), help: t("varyHelp", { what: tried.join("; ") }), unit: "", choices: [], whole: false, nullable: false, value: false });
  return fields;
}

export interface Filled {
  layers: Record<string, string[]>;
  options: Record<string, unknown>;
}

export function defaults(fields: Field[]): Filled {
  const filled: Filled = { layers: {}, options: {} };
  for (const field of fields) {
    if (field.kind === "layers") filled.layers[field.name] = [...field.value];
    else filled.options[field.name] = field.value;
  }
  return filled;
}

/** Say what is wrong with a value, or nothing. */
export function fault(field: OptionField, value: unknown): string | null {
  if (field.kind !== "number") return null;
  if (value === null || value === "") return field.nullable ? null : `Give a number${field.unit ? ` in ${field.unit}` : ""}`;
  const given = Number(value);
  if (!Number.isFinite(given)) return `Give a number${field.unit ? ` in ${field.unit}` : ""}`;
  if (field.whole && !Number.isInteger(given)) return "Give a whole number";
  if (field.minimum !== undefined && given < field.minimum) return `Give ${field.minimum} or more`;
  if (field.maximum !== undefined && given > field.maximum) return `Give ${field.maximum} or less`;
  return null;
}

/** Make the inputs of an execution; what stands at its default is left out. */
export function inputsOf(fields: Field[], filled: Filled, within: Geometry | null): Record<string, unknown> {
  const inputs: Record<string, unknown> = within ? { within } : {};
  for (const field of fields) {
    if (field.kind === "layers") {
      const ids = filled.layers[field.name] ?? [];
      if (!ids.length) {
        if (field.value.length && !field.required) inputs[field.name] = null;
        continue;
      }
      if (ids.join() !== field.value.join()) inputs[field.name] = field.many ? ids : ids[0];
    } else {
      const value = filled.options[field.name];
      if (JSON.stringify(value) !== JSON.stringify(field.value)) inputs[field.name] = value === "" ? null : value;
    }
  }
  return inputs;
}

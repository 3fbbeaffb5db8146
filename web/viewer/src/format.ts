// Figures with their units, as each language writes them.

import { language } from "./state";

const LOCALE = { en: "en-GB", zh: "zh-CN", ru: "ru-RU" } as const;

export function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(LOCALE[language.value], { maximumFractionDigits: digits }).format(value);
}

/** A figure of unknown size: whole where large, three figures where small. */
export function figure(value: number): string {
  if (Number.isInteger(value)) return number(value);
  const size = Math.abs(value);
  return number(value, size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 4);
}

export interface Quantity {
  figure: string;
  unit: string;
}

export function area(square: number): Quantity {
  const ru = language.value === "ru";
  if (square >= 1e7) return { figure: number(square / 1e6, 1), unit: ru ? "км²" : "km²" };
  if (square >= 1e5) return { figure: number(square / 1e4, 1), unit: ru ? "га" : "ha" };
  return { figure: number(square, square < 100 ? 1 : 0), unit: ru ? "м²" : "m²" };
}

export function length(metres: number): Quantity {
  const ru = language.value === "ru";
  if (metres >= 1000) return { figure: number(metres / 1000, 1), unit: ru ? "км" : "km" };
  return { figure: number(metres, metres < 10 ? 1 : 0), unit: ru ? "м" : "m" };
}

export const join = ({ figure, unit }: Quantity): string => `${figure} ${unit}`;
export const percent = (share: number): string => number(share * 100, 1);
export const day = (value: string | null | undefined): string => (value ?? "").slice(0, 10);

export function degrees(latitude: number, longitude: number): string {
  const side = (value: number, plus: string, minus: string) => `${Math.abs(value).toFixed(4)}° ${value < 0 ? minus : plus}`;
  return `${side(latitude, "N", "S")} ${side(longitude, "E", "W")}`;
}

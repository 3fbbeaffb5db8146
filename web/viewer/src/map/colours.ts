// The map's ground takes its colours from the same tokens as the interface.

export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

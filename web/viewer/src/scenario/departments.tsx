// Departments by their codes, as cards of scenarios name them.

import { territory } from "../state";
import { say } from "../words";

export function departmentOf(code: string): string {
  const found = Object.values(territory.value?.stewards ?? {}).find((each) => each.code === code);
  return say(found?.title) || code;
}

/** A department's code in a box; its name is told to those who hover or listen. */
export function Dep({ code, tone = "" }: { code: string; tone?: string }) {
  return (
    <span class={`dep ${tone}`} title={departmentOf(code)}>
      <span aria-hidden="true">{code}</span>
      <span class="sr">{departmentOf(code)}</span>
    </span>
  );
}

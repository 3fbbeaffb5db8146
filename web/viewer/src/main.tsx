import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/noto-sans-sc/wght.css";
import "./style/tokens.css";
import "./style/base.css";
import "./style/components.css";
import "./style/pages.css";
import "./style/viewer.css";
import "./style/scenario.css";
import "./style/print.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import * as api from "./api";
import { App } from "./app";
import { begun, byId, failure, keepAddress, layers, scenarios, territory, theme, tools } from "./state";
import type { Catalogue, Layer } from "./types";

keepAddress();
effect(() => {
  document.documentElement.dataset.theme = theme.value;
});
render(<App />, document.getElementById("root")!);

/** What is on the map at the first visit: lines of control that may be shown. */
const FIRST = ["planned.urban-development-boundary", "planned.ecological-red-line", "planned.permanent-basic-farmland", "artificial.buildings"];

function layersOf(catalogue: Catalogue): Layer[] {
  const { columns, rows } = catalogue;
  return rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]])) as unknown as Layer);
}

async function begin(): Promise<void> {
  try {
    const [workspace, catalogue] = await Promise.all([api.workspace(), api.catalogue()]);
    layers.value = layersOf(catalogue);
    const usable = (id: string) => byId.value.get(id)?.status === "in-force";
    begun(FIRST.filter(usable).map((id) => ({ id, opacity: 1, hidden: false })));
    territory.value = workspace;
    [scenarios.value, tools.value] = await Promise.all([api.scenarios(), api.tools()]);
  } catch (error) {
    failure.value = (error as Error).message;
  }
}

void begin();

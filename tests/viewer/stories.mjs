// What people do in the viewer, done in a real browser against a real service.
// node stories.mjs ADDRESS STORY FOLDER: prints one JSON object, and ends with 1 where the story fails.

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const [address, story, folder, chromium] = process.argv.slice(2);
const load = createRequire(new URL("../../web/package.json", import.meta.url));
const { chromium: engine } = load("playwright-core");
const axe = await readFile(load.resolve("axe-core/axe.min.js"), "utf8");

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader",
];
const LONG = 240_000;
const TOWN = "at=14/29.48/120.11";
const PAGES = {
  "one-map": `#/map?${TOWN}`,
  card: `#/map?${TOWN}&card=planned.permanent-basic-farmland`,
  extract: `#/map?${TOWN}&place=120.11 29.48`,
  integration: "#/integration?",
  protection: "#/protection?",
  use: "#/use?",
  security: "#/security?",
  foundation: "#/foundation?",
  tool: `#/tool/detect-plan-conflict?${TOWN}`,
  scenario: "#/scenario/project-access?",
  emergency: "#/emergency?at=15.5/29.48/120.11",
};
const READY = {
  card: ".cardp .kv", extract: ".xp .four", "one-map": ".lay .legend", scenario: ".chain .note.warn", tool: ".tp .picks", emergency: ".zp .stx, .zp .picks",
};

const outside = [];
const faults = [];
const browser = await engine.launch({ executablePath: chromium, args: FLAGS });

async function opened(hash, { theme = "light", lang = "en", width = 1280, height = 720 } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, acceptDownloads: true, reducedMotion: "reduce", locale: "en-GB" });
  await context.route("**/*", (route) => {
    const url = route.request().url();
    if (url.startsWith(address) || /^(blob|data):/.test(url)) return route.continue();
    outside.push(url);
    return route.abort();
  });
  const page = await context.newPage();
  page.setDefaultTimeout(LONG);
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && /Content Security Policy|Refused to/.test(message.text())) faults.push(message.text());
  });
  const join_ = hash.includes("?") ? "&" : "?";
  await page.goto(`${address}/viewer/${hash}${hash.endsWith("?") ? "" : join_}theme=${theme}&lang=${lang}`);
  await page.waitForSelector("main");
  return page;
}

/** Wait until the map has drawn everything it was told to. */
async function drawn(page) {
  await page.waitForFunction(() => window.spacegovMap?.loaded() && window.spacegovMap.areTilesLoaded(), null, { timeout: LONG });
  await page.waitForTimeout(300);
}

const text = (page, selector) => page.locator(selector).first().innerText();

const stories = {
  async "find a layer and read its legend"() {
    const page = await opened(`#/map?${TOWN}&layers=`);
    await page.keyboard.press("/");
    await page.keyboard.type("ecologcal red lin");
    await page.waitForSelector(".hits .leaf");
    assert.equal(await text(page, ".hits .leaf .name"), "Ecological red line");
    await page.getByRole("checkbox", { name: "Show Ecological red line" }).check();
    await page.waitForSelector(".lay .legend li");
    const legend = await text(page, ".lay .legend");
    assert.match(legend, /Core zone of a reserve/);
    assert.match(legend, /km²|ha/);
    for (const [words, expected] of [["红线", "Ecological red line"], ["красная линия", "Ecological red line"], ["basic farmland", "Permanent basic farmland"]]) {
      await page.getByRole("searchbox").fill(words);
      await page.waitForFunction((name) => document.querySelector(".hits .leaf .name")?.textContent === name, expected);
    }
    await page.getByRole("searchbox").fill("xqzv");
    await page.getByText("No layer matches “xqzv”").waitFor();
  },

  async "search 1,200 layers"() {
    const page = await opened(`#/map?${TOWN}&layers=`);
    const catalogue = await (await fetch(`${address}/api/catalogue`)).json();
    // The county has no 1,200 layers, so its own are numbered on.
    const rows = Array.from({ length: 1200 }, (_, i) => {
      const row = [...catalogue.rows[i % catalogue.rows.length]];
      const n = Math.floor(i / catalogue.rows.length);
      return n ? [`${row[0]}-${n}`, Object.fromEntries(Object.entries(row[1]).map(([k, v]) => [k, `${v} ${n}`])), ...row.slice(2)] : row;
    });
    await page.route("**/api/catalogue", (route) => route.fulfill({ json: { ...catalogue, rows } }));
    await page.reload();
    await page.waitForSelector(".leaf");
    for (const words of ["farmland", "farmlnd", "永久基本农田", "красная линия", "water source", "red line 7", "plan"]) {
      await page.getByRole("searchbox").fill("xqzv"); // so that no earlier hit is counted
      await page.getByText("No layer matches “xqzv”").waitFor();
      await page.getByRole("searchbox").fill(words);
      await page.waitForSelector(".hits .leaf");
    }
    assert.match(await text(page, ".cat-foot"), /of 1200 layers/);
    const times = await page.evaluate(() => performance.getEntriesByName("search").map((entry) => entry.duration));
    return { searchMs: times.map((each) => Math.round(each * 10) / 10) };
  },

  async "restrictions of a parcel in three clicks"() {
    const page = await opened(`#/map?${TOWN}&layers=planned.land-use-plan~60`);
    await page.waitForSelector(".lay .legend li");
    await drawn(page);
    const box = await page.locator(".map canvas").boundingBox();
    await page.mouse.click(box.x + box.width / 2 - 60, box.y + box.height / 2); // one
    await page.waitForSelector(".ident .kv");
    assert.match(await text(page, ".ident"), /Use\s/);
    await page.getByRole("button", { name: "Restrictions on it" }).click(); // two
    await page.waitForSelector(".xp .four");
    const answers = await page.locator(".four li").allInnerTexts();
    assert.equal(answers.length, 4);
    const numbers = await page.locator(".four b").allInnerTexts();
    assert.ok(Number(numbers[0]) > 0 && Number(numbers[1]) > 0 && Number(numbers[3]) > 0, numbers.join());
    assert.match(await text(page, ".sec-present"), /m²|ha|km²/);
    const withheld = await text(page, ".sec-failed");
    assert.match(withheld, /Permanent basic farmland[\s\S]*Withheld: on request from Natural resources/);
    assert.doesNotMatch(await text(page, ".xp .plain"), /basic farmland/);
    const looks = await page.locator(".four li").evaluateAll((list) => list.map((each) => { const s = getComputedStyle(each); return [s.backgroundColor, s.backgroundImage, s.borderTopStyle, s.borderTopColor].join("|"); }));
    assert.equal(new Set(looks).size, 4, "the four answers look alike");
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "GeoPackage" }).click()]);
    assert.match(String(await readFile(await file.path())).slice(0, 15), /SQLite format 3/);
    return { answers };
  },

  async "restrictions at a point say what is not covered"() {
    const page = await opened(`#/map?${TOWN}&place=120.11 29.48`);
    await page.waitForSelector(".xp .four");
    const rows = (await page.locator(".four b").allInnerTexts()).map(Number);
    assert.ok(rows.every((each) => each >= 0) && rows[2] > 0, rows.join());
    assert.match(await text(page, ".sec-nc"), /nobody has looked here/);
  },

  async "plan conflicts in a drawn area, downloaded"() {
    const page = await opened(`#/tool/detect-plan-conflict?at=12.2/29.485/120.11`);
    await page.waitForSelector(".tp .picks");
    await drawn(page);
    await page.getByRole("button", { name: "Draw", exact: true }).click();
    const box = await page.locator(".map canvas").boundingBox();
    const corner = (x, y) => page.mouse.click(box.x + box.width * x, box.y + box.height * y);
    for (const [x, y] of [[0.3, 0.2], [0.7, 0.22], [0.68, 0.75], [0.32, 0.72]]) {
      await corner(x, y);
      await page.waitForTimeout(450); // two quick clicks are a double one
    }
    await page.keyboard.press("Enter");
    await page.getByText(/\d corners/).waitFor();
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.waitForSelector(".rp .tbl tbody tr, .rp [role=alert]");
    assert.equal(await page.locator(".rp [role=alert]").count(), 0, await text(page, ".rp"));
    assert.match(await text(page, ".rp-h"), /conflicts on/);
    assert.match(await text(page, ".rp-p"), /Land-use plan 2035/);
    await page.waitForSelector(".mini .legend");
    const starts = { GPKG: /^SQLite format 3/, GeoParquet: /^PAR1/, xlsx: /^PK/ };
    for (const [name, start] of Object.entries(starts)) {
      const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name, exact: true }).click()]);
      assert.match(String(await readFile(await file.path(), "latin1")).slice(0, 16), start, name);
    }
    await drawn(page);
    await page.screenshot({ path: join(folder, "tool-answer-light.png") });
    assert.match(page.url(), /job=[0-9a-f]{32}/);
    await page.getByRole("button", { name: "Keep as layer" }).click();
    await page.waitForSelector(".p-map .lay");
    assert.match(await text(page, ".lay"), /conflicts/);
  },

  async "a tool that needs a withheld layer says so"() {
    const page = await opened("#/tool/check-three-lines?");
    await page.waitForSelector(".tp .note.warn");
    assert.match(await text(page, ".tp .note.warn"), /Permanent basic farmland is withheld by Natural resources/);
  },

  async "three zones by building"() {
    const page = await opened("#/emergency?at=15.6/29.4795/120.1135", { theme: "dark" });
    await page.getByRole("button", { name: "Mark three for a drill" }).click();
    await page.waitForSelector(".zp .picks li");
    await page.getByRole("button", { name: "Delineate zones" }).click();
    await page.locator(".tk").nth(2).waitFor();
    const figures = await text(page, ".zt");
    assert.match(figures, /Containment\s+\d/);
    assert.match(await text(page, ".dlt"), /tightened/);
    await drawn(page);
    await page.screenshot({ path: join(folder, "zones-notice-dark.png") });
    await page.locator(".tk").first().click();
    assert.match(await text(page, ".zp-h h1"), /Notice 1/);
    await page.waitForFunction(() => /until=/.test(location.hash));
    const again = await opened(page.url().split("/viewer/")[1].replace(/&(lang|theme)=\w+/g, ""), { theme: "light" });
    await again.locator(".tk").nth(2).waitFor();
    await drawn(again);
    assert.match(await text(again, ".zp-h h1"), /Notice 1/);
    await again.screenshot({ path: join(folder, "zones-notice-light.png") });
  },

  async "the link carries the whole state"() {
    const page = await opened(`#/map?${TOWN}&layers=planned.ecological-red-line~40,artificial.buildings~100h&only=tier:A&q=plan`, { theme: "dark", lang: "zh" });
    await page.waitForSelector(".lay");
    const state = async (one) => one.evaluate(() => ({
      theme: document.documentElement.dataset.theme, lang: document.documentElement.lang, q: document.querySelector("input[type=search]").value,
      layers: [...document.querySelectorAll(".lay")].map((each) => each.dataset.layer), opacity: document.querySelector(".lay output").textContent,
      hidden: document.querySelectorAll(".lay.off").length, tier: document.querySelectorAll('.chip[aria-pressed="true"]').length,
      zoom: window.spacegovMap.getZoom().toFixed(1), count: document.querySelector(".cat-foot").textContent,
    }));
    const expected = await state(page);
    assert.deepEqual([expected.theme, expected.lang, expected.q, expected.opacity, expected.hidden, expected.tier], ["dark", "zh", "plan", "40 %", 1, 1]);
    await page.getByRole("slider").first().fill("70");
    await page.waitForFunction(() => /red-line~70/.test(location.hash));
    const other = await opened(page.url().split("/viewer/")[1].replace(/&(lang|theme)=\w+/g, ""), { theme: "dark", lang: "zh" });
    await other.waitForSelector(".lay");
    assert.deepEqual(await state(other), { ...expected, opacity: "70 %" });
  },

  async "a layer narrowed by a filter"() {
    const page = await opened(`#/map?${TOWN}&layers=artificial.buildings~100`);
    await page.getByRole("button", { name: "Filter Buildings" }).click();
    const form = page.getByRole("form", { name: "Filter" });
    await form.getByLabel("Field").selectOption({ label: "Floors" });
    await form.getByLabel("Comparison").selectOption(">");
    await form.getByLabel("Value").fill("three");
    assert.equal(await form.getByRole("button", { name: "Apply" }).isDisabled(), true, "a number of floors is no word");
    await form.getByLabel("Value").fill("3");
    const [tile] = await Promise.all([page.waitForRequest((request) => /buildings\/tiles\/.*filter=floors%20%3E%203/.test(request.url())), form.getByRole("button", { name: "Apply" }).click()]);
    assert.equal((await tile.response()).ok(), true);
    await page.waitForFunction(() => /[\d,]+ of [\d,]+ records pass/.test(document.querySelector(".filter [role=status]")?.textContent ?? ""));
    const [passing, all] = (await text(page, ".filter [role=status]")).replaceAll(",", "").match(/\d+/g).map(Number);
    const asked = await (await fetch(`${address}/collections/artificial.buildings/items?limit=1&filter=floors%20%3E%203`)).json();
    assert.equal(passing, asked.numberMatched);
    assert.ok(passing < all);
    await drawn(page);
    const drawnFloors = await page.evaluate(() => window.spacegovMap.querySourceFeatures("artificial.buildings", { sourceLayer: "features" }).map((each) => each.properties.floors));
    assert.ok(drawnFloors.length > 0 && drawnFloors.every((floors) => floors > 3), "the map draws what does not pass");
    await page.waitForFunction(() => decodeURIComponent(location.hash).replaceAll("+", " ").includes("floors > 3"));
    const again = await opened(await page.evaluate(() => location.hash));
    await again.waitForFunction(() => /records pass/.test(document.querySelector(".filter [role=status]")?.textContent ?? ""));
    await again.getByRole("button", { name: "Remove the filter" }).click();
    await again.waitForFunction(() => !location.hash.includes("where="));
  },

  async "two sides compared, and the height at a place"() {
    const page = await opened(`#/map?${TOWN}&layers=planned.land-use-plan~80,natural.terrain~60`);
    await page.waitForSelector(".lay .legend li");
    await page.getByRole("button", { name: "Compare two sides" }).click();
    await page.waitForFunction(() => window.spacegovRightMap?.getSource("planned.land-use-plan") && !window.spacegovMap.getSource("planned.land-use-plan"));
    const line = page.getByRole("slider", { name: "Line between the two sides" });
    await line.focus();
    await page.keyboard.press("ArrowLeft");
    assert.equal(await line.getAttribute("aria-valuenow"), "45");
    await page.waitForFunction(() => location.hash.includes("swipe=45") && location.hash.includes("80r"));
    await page.evaluate(() => window.spacegovMap.jumpTo({ zoom: 12 }));
    assert.equal(await page.evaluate(() => window.spacegovRightMap.getZoom()), 12, "the sides do not move together");
    await page.getByRole("group", { name: "Side of Land-use plan 2035" }).getByRole("button", { name: "both" }).click();
    await page.waitForFunction(() => window.spacegovMap.getSource("planned.land-use-plan"));
    await page.getByRole("button", { name: "Compare two sides" }).click();
    await line.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Hide Land-use plan 2035" }).click();
    const box = await page.locator(".map canvas").boundingBox();
    await page.mouse.click(box.x + box.width / 2 - 60, box.y + box.height / 2);
    await page.waitForSelector(".ident .kv");
    assert.match(await text(page, ".ident"), /Terrain[\s\S]*Height\s+[\d.]+\sm/);
  },

  async "an answer under other values"() {
    const page = await opened("#/tool/warn-thresholds?");
    await page.getByRole("checkbox", { name: "Try other values" }).check();
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("button", { name: "sensitivity" }).click();
    await page.waitForFunction(() => document.querySelectorAll(".rp .tbl tbody tr").length >= 2);
    assert.match(await text(page, ".rp .tbl"), /significance/);
  },

  async "a scenario run from its application"() {
    const page = await opened("#/protection?");
    const card = (await (await fetch(`${address}/api/scenarios`)).json()).find((each) => each.id === "red-line-watch");
    await page.getByRole("link", { name: card.title.en }).focus();
    await page.keyboard.press("Enter");
    await page.waitForSelector(".chain .ch");
    assert.equal(await page.locator(".chain > li").count(), card.steps.length);
    assert.match(await text(page, ".sa"), new RegExp(card.deliverable.title.en));
    await page.getByRole("button", { name: "Run over the whole territory" }).click();
    await page.waitForSelector(".sa-s, .sa [role=alert]");
    assert.equal(await page.locator(".sa [role=alert]").count(), 0, await text(page, ".sa"));
    assert.match(await text(page, ".sa"), /all steps answered/);
    const states = await page.locator(".chain > li").evaluateAll((list) => list.map((each) => each.className.match(/ch-(done|failed|skipped|proposed)/)?.[1]));
    assert.deepEqual(states, card.steps.map((step) => (step.tool ? "done" : "proposed")));
    const decided = card.steps.find((step) => !step.tool);
    assert.match(await text(page, ".ch-proposed .ask"), new RegExp(decided.decision.asked.en.slice(0, 20)));
    await page.waitForSelector(".mini .legend");
    const layer = await page.evaluate(() => window.spacegovMap.getStyle().layers.map((each) => each.source).find((source) => source?.startsWith("result.")));
    assert.match(layer, /^result\.[0-9a-f]{32}\.watch\.encroachments$/);
    await page.waitForFunction(() => /job=[0-9a-f]{32}/.test(location.hash));
    for (const [name, start] of Object.entries({ xlsx: /^PK/, GPKG: /^SQLite format 3/ })) {
      const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name, exact: true }).click()]);
      assert.match(String(await readFile(await file.path(), "latin1")).slice(0, 16), start, name);
    }
    await drawn(page);
    await page.screenshot({ path: join(folder, "scenario-answer-light.png") });
    assert.deepEqual(await barriers(page), []);
    await page.getByRole("button", { name: "中文" }).click();
    await page.getByText(card.title.zh).first().waitFor();
    const [report] = await Promise.all([page.context().waitForEvent("page"), page.getByRole("link", { name: "打开报告" }).click()]);
    await report.waitForLoadState();
    assert.match(await report.locator("body").innerText(), new RegExp(card.question.zh.slice(0, 8)));
    await report.close();
    const again = await opened((await page.evaluate(() => location.hash)).replace(/&(lang|theme)=\w+/g, ""), { theme: "dark" });
    await again.waitForSelector(".sa-s");
    await drawn(again);
    await again.screenshot({ path: join(folder, "scenario-answer-dark.png") });
    assert.deepEqual(await barriers(again), []);
    await again.getByRole("button", { name: "Put the layers on the one map" }).click();
    await again.waitForSelector(".p-map .lay");
    assert.match(await text(again, ".bench"), new RegExp(card.steps.find((step) => step.id === "watch").title.en));
  },

  async "everything is reached by keyboard"() {
    const page = await opened(`#/map?${TOWN}&layers=planned.ecological-red-line~100,artificial.schools~100`);
    await page.waitForSelector(".lay");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to content");
    await page.locator(".lay .grip").first().focus();
    await page.keyboard.press("ArrowDown");
    await page.waitForFunction(() => document.querySelector(".lay").dataset.layer === "artificial.schools");
    const order = await page.evaluate(() => window.spacegovMap.getStyle().layers.map((each) => each.source));
    await page.waitForFunction(() => { const all = window.spacegovMap.getStyle().layers.map((each) => each.source); return all.lastIndexOf("artificial.schools") > all.lastIndexOf("planned.ecological-red-line"); });
    assert.ok(order.length);
    const seen = new Set();
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press("Tab");
      seen.add(await page.evaluate(() => { const e = document.activeElement; return e.getAttribute("aria-label") ?? e.textContent?.trim() ?? ""; }));
    }
    for (const name of ["Integration", "Switch between light and dark", "Search layers"])
      assert.ok([...seen].some((each) => each.includes(name)) || name === "Search layers", name);
  },

  async "faults say what to do"() {
    const page = await opened(`#/map?${TOWN}&place=artificial.buildings~NONE`);
    await page.waitForSelector(".xp [role=alert]");
    assert.match(await text(page, ".xp [role=alert]"), /click the map instead|Try again/i);
    const lost = await opened("#/tool/no-such-tool?");
    await lost.getByText("There is no tool “no-such-tool”").waitFor();
  },
};

/** What keeps people out of a page, by axe's rules: serious findings alone. */
async function barriers(page) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const serious = result.violations.filter((each) => ["serious", "critical"].includes(each.impact));
  return serious.map((each) => `${each.id}: ${each.nodes.slice(0, 3).map((node) => node.html.slice(0, 140)).join(" … ")}`);
}

/** Hold every page in both themes against axe's rules, and keep its picture. */
async function looked(name) {
  const found = {};
  for (const theme of ["light", "dark"]) {
    const page = await opened(PAGES[name], { theme });
    await page.waitForSelector(READY[name] ?? ".kfs");
    if (await page.locator(".map canvas").count()) await drawn(page);
    await page.waitForTimeout(400);
    await page.screenshot({ path: join(folder, `${name}-${theme}.png`) });
    found[theme] = await barriers(page);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, "the page scrolls sideways");
    if (theme === "light") {
      await page.setViewportSize({ width: 1024, height: 768 });
      await page.waitForTimeout(500);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, "the tablet's page scrolls sideways");
      await page.screenshot({ path: join(folder, `${name}-tablet.png`) });
    }
    await page.context().close();
  }
  assert.deepEqual(found, { light: [], dark: [] });
}

await mkdir(folder, { recursive: true });
let answer;
try {
  const [kind, name] = story.split(": ");
  const facts = kind === "page" ? await looked(name) : await stories[story]();
  assert.deepEqual(outside, [], "requests left the origin");
  assert.deepEqual(faults, [], "the page reported faults");
  answer = { story, ok: true, ...facts };
} catch (error) {
  answer = { story, ok: false, error: String(error.stack ?? error).slice(0, 3000), outside, faults };
}
await browser.close();
console.log(JSON.stringify(answer));
process.exitCode = answer.ok ? 0 : 1;

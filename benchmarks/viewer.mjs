// What the viewer takes in a real browser, of a service that is named by its address.
// node viewer.mjs ADDRESS CHROMIUM TIMES: prints one JSON object.

import { createRequire } from "node:module";

const [address, chromium, times] = process.argv.slice(2);
const load = createRequire(new URL("../web/package.json", import.meta.url));
const { chromium: engine } = load("playwright-core");

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader",
];
const PAGE = `${address}/viewer/#/map?at=14/29.48/120.11&layers=planned.land-use-plan`;

/** Milliseconds until the asked layer stands on the map: its source is loaded and its features are drawn. */
async function first(page) {
  await page.addInitScript(() => {
    window.longTasks = [];
    new PerformanceObserver((list) => {
      for (const each of list.getEntries()) window.longTasks.push({ start: each.startTime, ms: each.duration });
    }).observe({ type: "longtask", buffered: true });
  });
  await page.goto(PAGE, { waitUntil: "commit" });
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        const look = () => {
          const map = window.spacegovMap;
          const drawn = map?.getStyle()?.layers.some((layer) => layer.source === "planned.land-use-plan")
            && map.isSourceLoaded("planned.land-use-plan")
            && map.querySourceFeatures("planned.land-use-plan", { sourceLayer: "features" }).length;
          if (drawn) resolve(performance.now());
          else setTimeout(look, 10);
        };
        look();
      }),
  );
}

const browser = await engine.launch({ executablePath: chromium, args: FLAGS });
const opened = { cold: [], warm: [] };
const panned = [];
for (let run = 0; run < Number(times); run += 1) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
  for (const kind of ["cold", "warm"]) {
    const page = await context.newPage();
    opened[kind].push(await first(page));
    if (kind === "warm") {
      await page.waitForFunction(() => window.spacegovMap.loaded() && window.spacegovMap.areTilesLoaded());
      const box = await page.locator(".map canvas").boundingBox();
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      await page.evaluate(() => { window.longTasks = []; });
      for (const [dx, dy] of [[-250, 0], [0, -200], [250, 0], [0, 200], [-250, -150]]) {
        await page.mouse.move(x, y);
        await page.mouse.down();
        await page.mouse.move(x + dx, y + dy, { steps: 20 });
        await page.mouse.up();
        await page.waitForTimeout(300);
      }
      panned.push(...(await page.evaluate(() => window.longTasks)).map((task) => task.ms));
    }
    await page.close();
  }
  await context.close();
}
await browser.close();
process.stdout.write(`${JSON.stringify({ ...opened, panned })}\n`);

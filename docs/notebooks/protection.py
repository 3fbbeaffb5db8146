# %% [markdown]
# # Protection: what was built inside the red line
#
# Every quarter the ecology department looks at the changes that satellites saw since the last survey. Which of them lie
# on protected ground, has any of them a permit, and which cases must be opened? All places and figures are invented.

# %%
from pathlib import Path
from tempfile import mkdtemp

import spacegov

ws = spacegov.open()
out = Path(mkdtemp(prefix="protection-"))
ws.layers["planned.ecological-red-line"]

# %% [markdown]
# ## Changes on protected ground
#
# Red line and basic farmland are asked together. For each patch seen from the sky there are four answers: on protected
# ground, not on it, not covered (nobody drew the line there), or failed.

# %%
watch = ws.run("monitor-encroachment")
watch

# %%
watch.picture()

# %%
frame = watch.frame
frame.groupby(["theme", "verdict"])["area_m2"].agg(["count", "sum"]).round(0)

# %% [markdown]
# ## Is a change too small to matter?
#
# Patches below `min_area` are left out and told, never silently.

# %%
coarse = ws.run("monitor-encroachment", min_area=2000)
for drop in coarse.provenance.dropped:
    print(f"{drop.count} left out, {drop.area_m2 or 0:.0f} m²: {drop.reason}")
print(coarse.answer())
assert coarse.summary["rows"] < watch.summary["rows"]

# %% [markdown]
# ## The cases
#
# Patches that touch and have no permit are one case.

# %%
watch.frames["cases"].drop(columns="geometry").sort_values("area_m2", ascending=False).head()

# %% [markdown]
# ## Asked of every township
#
# A batch asks the same of every zone, in worker processes, and can be resumed. What the townships answer sums to what
# the county answers, since protected ground is cut at their borders.

# %%
from spacegov.batch import Plan, run_batch

plan = Plan.model_validate({"zones": "artificial.townships", "tasks": [{"tool": "monitor-encroachment"}]})
batch = run_batch(plan, out / "townships", workspace=ws, workers=1)
batch

# %%
import geopandas as gpd

units = gpd.read_parquet(batch.files["monitor-encroachment/units.parquet"])
assert abs(units["area_m2"].sum() - watch.summary["area_m2"]) < 1e-6 * watch.summary["area_m2"]
units[["zone_name", "state", "rows", "cases", "area_m2"]].round(0)

# %% [markdown]
# ## The case file
#
# The scenario carries it on to enforcement: who acts at which step, within how many working days, and on which basis.

# %%
red_line = ws.scenario("red-line-watch", out=out / "watch")
assert not red_line.failed, red_line.failed
for step in red_line.steps:
    print(f"{step.step.department}  {step.step.days:2} days  {step.step.title['en']}: {step.status}")
red_line

# %%
sorted(path.name for path in (out / "watch").iterdir())

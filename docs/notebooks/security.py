# %% [markdown]
# # Security: the river rises by a metre
#
# Water resources warns of a flood. Emergency management must know who is under water, whether the shelters hold them,
# and which way each building goes. All places and figures are invented.

# %%
from pathlib import Path
from tempfile import mkdtemp

import spacegov

ws = spacegov.open()
out = Path(mkdtemp(prefix="security-"))
ws.scenarios["flood-warning"].question["en"]

# %% [markdown]
# ## The chain in one call
#
# Each step takes what the one before it answered: the flooded ground, the buildings on it, the shelters outside it, the
# roads that are not under water.

# %%
warning = ws.scenario("flood-warning", out=out / "warning")
assert not warning.failed, warning.failed
for step in warning.steps:
    print(f"{step.step.department}  {step.result.answer() if step.result else step.step.title['en']}")

# %% [markdown]
# ## How deep, and where was nothing known?
#
# Ground that could not be answered is a class of its own. It is neither wet nor dry.

# %%
flood = warning.step("flood").result
flood.frame.drop(columns="geometry").round(2)

# %%
exposure = warning.step("exposure").result
by_unit = exposure.frames["by_unit"]
by_unit[by_unit["people"] > 0].sort_values("people", ascending=False).head(8).round(1)

# %% [markdown]
# ## Nobody is lost on the way
#
# Those placed in shelters and those without a place make up those in the water.

# %%
ways = warning.step("evacuation").result
placed, unplaced, people = (ways.summary[name] for name in ("placed", "unplaced", "people"))
assert placed + unplaced == people
print(f"{people:,.0f} people, {placed:,.0f} placed, {unplaced:,.0f} without a place")
ways.frames["shelters"].drop(columns="geometry").sort_values("placed", ascending=False).head(6)

# %%
ways.picture("routes")

# %% [markdown]
# ## What if the water stands higher?
#
# Any option of any step can be given by its name; nothing else changes.

# %%
stage = float(ws.tools["map-flood"].schema()["properties"]["stage"].get("default") or 1.0)
given = next(step for step in ws.scenarios["flood-warning"].steps if step.id == "flood").options
print(f"the scenario asks with {given}")
higher = ws.scenario("flood-warning", **{"flood.stage": float(given.get("stage", stage)) + 0.5})
print(higher.answer())
assert higher.step("flood").result.summary["flooded_m2"] >= flood.summary["flooded_m2"]

# %% [markdown]
# ## The relief plan

# %%
sorted(path.name for path in (out / "warning").iterdir())

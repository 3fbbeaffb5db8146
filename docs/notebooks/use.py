# %% [markdown]
# # Use: who cannot walk to a school, and where six more would help
#
# The housing department measures the fifteen-minute life circle; natural resources looks for ground; development and
# reform puts sites into the budget. All places and figures are invented.

# %%
from pathlib import Path
from tempfile import mkdtemp

import spacegov

ws = spacegov.open()
out = Path(mkdtemp(prefix="use-"))
schools, buildings = ws.layers["artificial.schools"].read(), ws.layers["artificial.buildings"].read()
f"{len(schools)} schools, {len(buildings):,} buildings with {buildings['residents'].sum():,.0f} residents"

# %% [markdown]
# ## Door to door by road
#
# Straight lines flatter: rivers and hills are in the way. The tool follows roads, from the door to the school's gate.

# %%
coverage = ws.run(
    "measure-service-coverage", facilities="artificial.schools", population="artificial.buildings", limit=15
)
coverage

# %%
units = coverage.frames["units"].sort_values("share")
units[["unit", "buildings", "people", "people_served", "share"]].round(3)

# %% [markdown]
# ## How much hangs on the limit?

# %%
minutes = {limit: ws.run("measure-service-coverage", facilities="artificial.schools", population="artificial.buildings",
                         limit=limit).summary["served_share"] for limit in (10, 15, 20)}  # fmt: skip
assert minutes[10] <= minutes[15] <= minutes[20]
{limit: f"{share:.1%}" for limit, share in minutes.items()}

# %% [markdown]
# ## Where would new schools help most?
#
# The scenario asks for six more, on public and reserved parcels of villages, beside the schools that stay. The choice
# is made by an exact program where it can be, and its gap to the best possible choice is told.

# %%
gaps = ws.scenario("life-circle-gaps", out=out / "gaps")
assert not gaps.failed, gaps.failed
gaps

# %%
sites = gaps.step("sites").result
sites.frames["solution"].T

# %%
chosen = sites.frame[sites.frame["decision"] == "chosen"] if "decision" in sites.frame else sites.frame
chosen.drop(columns="geometry").sort_values("people", ascending=False)

# %%
sites.picture("sites")

# %% [markdown]
# People are counted once: those served before and those the new sites add make up those served after.

# %%
before, after = coverage.summary["people_served"], sites.summary["people_served"]
assert after >= before
print(f"{before:,.0f} people reach a school in time today, {after:,.0f} would")
sorted(path.name for path in (out / "gaps").iterdir())

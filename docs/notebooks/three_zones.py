# %% [markdown]
# # Three zones: from a list of cases to a notice
#
# A drill with a historical protocol on invented data. Health reports cases with addresses as they were written down;
# natural resources draws containment, control and prevention; the township verifies. The notice must name bounds that
# people can see, and every building must be in exactly one zone.

# %%
from pathlib import Path
from tempfile import mkdtemp

import spacegov

ws = spacegov.open()
out = Path(mkdtemp(prefix="three-zones-"))
outbreak = ws.scenario("outbreak-three-zones", out=out / "notice")
assert not outbreak.failed, outbreak.failed
outbreak

# %% [markdown]
# ## Which building is meant?
#
# An address that could mean two buildings is left for people, not guessed.

# %%
addresses = outbreak.step("addresses").result
print(addresses.answer())
addresses.frame.drop(columns="geometry", errors="ignore").iloc[:6, :8]

# %% [markdown]
# ## The zones

# %%
zones = outbreak.step("zones").result
zones.frame.groupby("zone")[["buildings", "people", "area_m2"]].sum().round(0)

# %%
inner = ws.run("delineate-three-zones")
county = float(ws.territory.area.sum())
print(inner.answer())
assert abs(inner.frame.area.sum() - county) < 1e-3 * county, "the zones fill the county"
inner.picture()

# %% [markdown]
# Every building is in one zone, and the strictest one counts.

# %%
buildings = zones.frames["buildings"]
assert buildings["building_id"].is_unique
assert len(buildings) == len(ws.layers["artificial.buildings"].read())
buildings["zone"].value_counts()

# %% [markdown]
# ## The notice, in three languages

# %%
notice = outbreak.step("notice").result.frame.sort_values("rank").iloc[0]
for language in ("en", "zh", "ru"):
    print(notice[f"text_{language}"])

# %% [markdown]
# ## When may a zone be eased?
#
# Each condition of the protocol is checked for each zone, and what blocks is named.

# %%
release = ws.scenario("zone-release", out=out / "release")
assert not release.failed, release.failed
release

# %%
sorted(path.name for path in (out / "notice").iterdir())

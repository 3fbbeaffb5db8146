# %% [markdown]
# # Integration: two plans want the same ground
#
# The forest, transport and water departments have sent their plans for Lanhe County (invented). Before the plans are
# laid into one map, natural resources must say where they contradict each other, which use each patch should keep, and
# who still has to sign. This notebook goes from the question to the report that is signed.

# %%
from pathlib import Path
from tempfile import mkdtemp

import spacegov

ws = spacegov.open()
out = Path(mkdtemp(prefix="integration-"))
ws

# %% [markdown]
# ## What is there
#
# Words in English, Chinese or Russian find layers; spelling may be off. The status says whether a plan is in force.

# %%
ws.layers.search("plan", space="planned")[["title", "steward", "status", "version", "coverage"]].head(8)

# %% [markdown]
# ## Where do the plans contradict each other?

# %%
conflicts = ws.run("detect-plan-conflict")
conflicts

# %%
conflicts.picture()

# %% [markdown]
# The areas are measured as registered areas are, on the ellipsoid, and they balance: what was cut sums to what went in.
# Which departments meet, and on how much ground?

# %%
frame = conflicts.frame
table = frame.groupby(["severity", "department_1", "department_2"])["area_m2"].agg(["count", "sum"])
table["hectares"] = (table.pop("sum") / 10_000).round(2)
table

# %% [markdown]
# ## How much do the settings matter?
#
# The card of the tool names the values worth trying. No conflict hangs on the smallest area that is counted.

# %%
ws.run("detect-plan-conflict", vary=True).sensitivity[["option", "value", "chosen", "rows", "area_m2"]]

# %% [markdown]
# ## Which use should the ground have?
#
# Precedence is a table that a lawyer can read, not code. `@detect-plan-conflict` hands the conflicts on.

# %%
proposals = ws.run("reconcile-plans", conflicts="@detect-plan-conflict")
proposals.frames["by_rule"]

# %% [markdown]
# What stays open is left to people, with the reason.

# %%
left = proposals.frame[proposals.frame["status"] == "open"]
left[["proposal", "why_open", "departments", "area_m2"]]

# %% [markdown]
# ## The same as one workflow
#
# The scenario strings the steps together as the departments do: submissions are checked, conflicts found, proposals
# made, each department's decision left as a proposal, and the merged map composed.

# %%
round_ = ws.scenario("plan-conflict-round", out=out / "round")
for step in round_.steps:
    print(f"{step.step.department}  {step.status:9} {step.result.answer() if step.result else step.step.title['en']}")

# %%
assert not round_.failed, round_.failed
assert abs(conflicts.summary["area_m2"] - proposals.summary["area_m2"]) < 1e-6 * conflicts.summary["area_m2"]
sorted(path.name for path in (out / "round").iterdir())

# %% [markdown]
# `report.html` and `report.pdf` hold question, answer, maps, tables, the legal basis of each finding, sources with
# their versions and the lines for signatures; `tables.xlsx` and `layers.gpkg` hold the conflicts themselves. The report
# of a single question, in Chinese:

# %%
conflicts.report(out / "conflicts.html", language="zh").name

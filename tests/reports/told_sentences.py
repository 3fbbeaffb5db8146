"""Every sentence that a tool tells the ledger, read from the source: literal texts with `{}` for what is put in.

A text may be put together: an f-string, a sum, a choice between two, a name that a loop over literals, an assignment
or the calls of the function give a text. What cannot be known from the source is `{}`.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import spacegov
from spacegov.reports.sayings import sayings

PACKAGE = Path(spacegov.__file__).parent
GAP = "{}"
TOLD = {"doubt": ("text", 0), "dropped": ("reason", 1), "balance": ("what", 2), "StepOutcome": ("error", 3)}
"""What the ledger and a scenario are told: the name of the text, and its place among the arguments."""
PLACES = ("where", 1)
"""The second text of a doubt."""
KEPT = "doubts"
"""The name of mappings whose values are told later."""
_GAPS = re.compile(r"(\{[^{}]*\})+")

NOTES = frozenset({"reason", "why", "note", "notes", "mend", "needed"})
"""Columns of answers that hold sentences, and the names these have before."""
NOTING = {
    "Condition": (3, 4),
    "Faults": (4,),
    "Hypothesis": (2, 3),
    "Problem": (3,),
    "Value": (1,),
    "_Outcome": (2,),
    "_by_feature": (4,),
    "_of_field": (2,),
    "_of_rows": (2,),
    "_simple": (3,),
}
"""What takes a sentence for such a column, and its place among the arguments."""
LISTED = frozenset({"MENDS"})
"""Tables of such sentences."""

Environment: TypeAlias = dict[str, ast.expr]
Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Sentence:
    """A text that is told, and where the source does so."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


def told_sentences(package: Path = PACKAGE) -> list[Sentence]:
    """Read what all modules of a package tell: texts of doubts, drops and balances, and the places of doubts."""
    found: dict[Sentence, None] = {}
    for path in sorted(package.rglob("*.py")):
        if path.name == "ledger.py":
            continue
        module = _Module(ast.parse(path.read_text(encoding="utf-8")))
        for line, text in module.sentences(answers="tools" in path.parts):
            found[Sentence(str(path.relative_to(package.parent)), line, text)] = None
    return list(found)


def is_known(text: str) -> bool:
    """Tell whether a text has words in the languages, and so has everything that stands in its gaps."""
    if not re.search(r"[^\W\d_]", text) or any(saying.words["en"] == text for saying in sayings()):
        return True
    found = next((pieces for saying in sayings() if (pieces := saying.gaps_of(text)) is not None), None)
    return found is not None and all(is_known(piece) for piece in found)


class _Module:
    """One module: which function every expression stands in, and who calls it."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.owner: dict[ast.AST, Function | None] = {}
        self.calls: dict[str, list[ast.Call]] = {}
        self._visit(tree, None)
        self.constants = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    def _visit(self, node: ast.AST, owner: Function | None) -> None:
        self.owner[node] = owner
        if isinstance(node, ast.Call):
            self.calls.setdefault(_called(node), []).append(node)
        for child in ast.iter_child_nodes(node):
            self._visit(child, node if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else owner)

    def sentences(self, *, answers: bool) -> Iterator[tuple[int, str]]:
        """Give line and text of everything that is told, and of what is written into answers."""
        for node, owner in self.owner.items():
            for expression in _told(node):
                # Where a part is empty nothing is told.
                yield from (told for told in self._lines(expression, owner) if "  " not in told[1])
            for expression in _noted(node) if answers else ():
                # A single word is a code, whose words the tool's card has.
                yield from (noted for noted in self._lines(expression, owner) if " " in noted[1])

    def _lines(self, expression: ast.expr, owner: Function | None) -> Iterator[tuple[int, str]]:
        for environment in self._environments(expression, owner):
            for text in self._texts(expression, owner, environment, 4):
                yield expression.lineno, _GAPS.sub(GAP, text)

    def _environments(self, expression: ast.expr, owner: Function | None) -> Iterator[Environment]:
        """Bind the names of a text together: row by row of a loop over literals, call by call of the function."""
        if owner is None:
            yield {}
            return
        names = {part.id for part in ast.walk(expression) if isinstance(part, ast.Name)}
        choices = [
            rows
            for loop in ast.walk(owner)
            if isinstance(loop, ast.For) and loop.lineno <= expression.lineno <= (loop.end_lineno or loop.lineno)
            if (rows := _loop_rows(loop, names))
        ]
        parameters = names & {argument.arg for argument in owner.args.args}
        if parameters:
            calls = [_arguments(call, owner, parameters) for call in self.calls.get(owner.name, [])]
            # What other modules call may be given anything.
            choices.append(calls if calls and owner.name.startswith("_") else [*calls, {}])
        for rows in itertools.product(*choices):
            yield {name: value for row in rows for name, value in row.items()}

    def _texts(self, node: ast.expr, owner: Function | None, known: Environment, depth: int) -> list[str]:
        """Give every text that an expression may be."""
        if isinstance(node, ast.Constant):
            return [str(node.value)] if isinstance(node.value, str) else [GAP]
        if isinstance(node, ast.JoinedStr):
            parts = [self._texts(part, owner, known, depth) for part in node.values]
            return ["".join(texts) for texts in itertools.product(*parts)]
        if isinstance(node, ast.FormattedValue):
            return [GAP] if node.format_spec or node.conversion >= 0 else self._texts(node.value, owner, known, depth)
        if isinstance(node, ast.IfExp):
            return [*self._texts(node.body, owner, known, depth), *self._texts(node.orelse, owner, known, depth)]
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            return [text for part in node.values for text in self._texts(part, owner, known, depth)]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            sides = (self._texts(side, owner, known, depth) for side in (node.left, node.right))
            return ["".join(texts) for texts in itertools.product(*sides)]
        if isinstance(node, ast.List):
            return [text for part in node.elts for text in self._texts(part, owner, known, depth)]
        if isinstance(node, ast.ListComp):
            return self._texts(node.elt, owner, known, depth)
        if isinstance(node, ast.Name) and depth:
            return self._texts_of_name(node.id, owner, known, depth - 1)
        return [GAP]

    def _texts_of_name(self, name: str, owner: Function | None, known: Environment, depth: int) -> list[str]:
        if name in known:
            return self._texts(known[name], owner, {}, depth)
        if owner is None or name not in _bound(owner):
            return self._texts(self.constants[name], None, {}, depth) if name in self.constants else [GAP]
        values = [
            node.value
            for node in ast.walk(owner)
            if isinstance(node, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
        ]
        if any(_is_kept(loop, name) for loop in ast.walk(owner)):
            return []
        return [text for value in values for text in self._texts(value, owner, known, depth)] or [GAP]


def _called(call: ast.Call) -> str:
    """Give the name of what is called, without the module before it."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr if isinstance(call.func.value, ast.Name) and call.func.value.id == "ledger" else ""
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _told(node: ast.AST) -> Iterator[ast.expr]:
    """Give the texts that a node tells."""
    if isinstance(node, ast.Call) and _called(node) in TOLD:
        for name, place in (TOLD[_called(node)], *((PLACES,) if _called(node) == "doubt" else ())):
            text = next((word.value for word in node.keywords if word.arg == name), None)
            if text is None and len(node.args) > place:
                text = node.args[place]
            if text is not None:
                yield text
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Subscript) and ast.unparse(target.value).split(".")[-1] == KEPT:
                yield node.value


def _bound(owner: Function) -> set[str]:
    """Give the names that a function binds."""
    stored = {node.id for node in ast.walk(owner) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return stored | {argument.arg for argument in ast.walk(owner) if isinstance(argument, ast.arg)}


def _noted(node: ast.AST) -> Iterator[ast.expr]:
    """Give the texts that a node writes into a column of an answer."""
    if isinstance(node, ast.Call):
        yield from (node.args[place] for place in NOTING.get(_called(node), ()) if place < len(node.args))
        yield from (word.value for word in node.keywords if word.arg in NOTES and not isinstance(word.value, ast.Name))
    elif isinstance(node, ast.Dict):
        yield from (
            value
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant) and key.value in NOTES and not isinstance(value, ast.Name)
        )
    elif isinstance(node, ast.Assign) and len(node.targets) == 1:
        target, value = node.targets[0], node.value
        pairs = zip(target.elts, value.elts, strict=True) if _both_tuples(target, value) else [(target, value)]
        yield from (text for name, text in pairs if isinstance(name, ast.Name) and name.id in NOTES)
        if isinstance(target, ast.Name) and target.id in LISTED and isinstance(value, ast.Dict):
            yield from value.values
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        # An answer that is none comes with its reason.
        yield from (text for text in node.value.elts if isinstance(text, (ast.Constant, ast.JoinedStr)))


def _both_tuples(target: ast.expr, value: ast.expr) -> bool:
    return isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)


def _loop_rows(loop: ast.For, names: set[str]) -> list[Environment]:
    """Give what a loop over literals binds, row by row; `zip(("a", "b"), others)` binds the first."""
    over, target = loop.iter, loop.target
    if isinstance(over, ast.Call) and isinstance(over.func, ast.Name) and over.func.id == "zip":
        lists = [part.elts if isinstance(part, (ast.Tuple, ast.List)) else None for part in over.args]
        length = max((len(part) for part in lists if part is not None), default=0)
        rows = [[part[row] if part is not None else None for part in lists] for row in range(length)]
    elif isinstance(over, (ast.Tuple, ast.List)):
        rows = [part.elts if isinstance(part, (ast.Tuple, ast.List)) else [part] for part in over.elts]
    else:
        return []
    targets = target.elts if isinstance(target, ast.Tuple) else [target]
    bound = [
        {
            name.id: value
            for name, value in zip(targets, row, strict=False)
            if isinstance(name, ast.Name) and name.id in names and value is not None
        }
        for row in rows
    ]
    return bound if any(bound) else []


def _arguments(call: ast.Call, owner: Function, names: set[str]) -> Environment:
    """Give what a call puts into parameters."""
    given = dict(zip((argument.arg for argument in owner.args.args), call.args, strict=False))
    given |= {word.arg: word.value for word in call.keywords if word.arg is not None}
    return {name: value for name, value in given.items() if name in names}


def _is_kept(node: ast.AST, name: str) -> bool:
    """Tell whether a loop gives a name the texts of a mapping that were read where they were put in."""
    return (
        isinstance(node, ast.For)
        and isinstance(node.target, ast.Name)
        and node.target.id == name
        and ast.unparse(node.iter).endswith(f".{KEPT}.values()")
    )

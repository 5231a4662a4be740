"""Sizes a person can hold: a function on one screen, a module in one sitting."""

import ast
from pathlib import Path

import pytest

from tests.architecture.test_imports import PACKAGES, sources
from tests.processes import ROOT

FUNCTION_LINES = 40
MODULE_LINES = 400
TEST_MODULE_LINES = 700


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None and first.end_lineno is not None:
        lines -= first.end_lineno - first.lineno + 1
    return lines


@pytest.mark.parametrize("path", sources(*PACKAGES, "bench"), ids=lambda path: str(path.relative_to(ROOT)))
def test_functions_and_modules_stay_within_their_budget(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= MODULE_LINES, "split the module along its nouns"
    functions = (
        n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    long = {function.name: code_lines(function) for function in functions}
    assert not {name: lines for name, lines in long.items() if lines > FUNCTION_LINES}


@pytest.mark.parametrize("path", sources("tests"), ids=lambda path: str(path.relative_to(ROOT)))
def test_test_modules_stay_within_their_budget(path: Path) -> None:
    assert path.read_text().count("\n") <= TEST_MODULE_LINES

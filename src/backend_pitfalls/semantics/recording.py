"""An evaluation that is watched: the values of all expressions of a module, for `backend-pitfalls debug` and for tests."""

from __future__ import annotations

import ast

from backend_pitfalls.semantics.frame import Frame, FrameEvaluator
from backend_pitfalls.semantics.interpreter import Interpreter
from backend_pitfalls.semantics.values import Function, Value
from backend_pitfalls.syntax.source import Source


class RecordingEvaluator(FrameEvaluator):
    """Evaluates as ever, and keeps the values of the expressions of one module."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.values: dict[ast.expr, Value] = {}

    def frame(self, interpreter: Interpreter, module: str, source: Source, function: Function | None) -> Frame:
        if module == self.module:
            return _RecordingFrame(interpreter, module, source, function, self.values)
        return super().frame(interpreter, module, source, function)


class _RecordingFrame(Frame):
    def __init__(
        self,
        interpreter: Interpreter,
        module: str,
        source: Source,
        function: Function | None,
        values: dict[ast.expr, Value],
    ) -> None:
        super().__init__(interpreter, module, source, function)
        self._values = values

    def evaluate(self, node: ast.expr | None) -> Value:
        value = super().evaluate(node)
        if node is not None and (node not in self._values or not self.interpreter.memo.is_nested):
            self._values[node] = value
        return value

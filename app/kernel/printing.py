"""How templates print: Jinja with the two things made cheap that a page of rows does thousands of times.

Escaping and calling mean exactly what they mean in Jinja. Escaped text is not wrapped in `Markup` only to be joined
right away, and a macro or a plain function is called without being asked each time whether it wants the context.
"""

from functools import lru_cache
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import markupsafe
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.environment import Environment
from jinja2.runtime import Context, Macro
from markupsafe import Markup

_escaped: Any = markupsafe._escape_inner  # type: ignore[attr-defined]  # what `escape` itself calls for text
_PLAIN = frozenset({FunctionType, MethodType, BuiltinFunctionType, type(lru_cache(len))})


def printed(value: Any) -> str:
    """What `{{ value }}` puts on the page: text escaped, markup as it is."""
    kind = type(value)
    if kind is str:
        return _escaped(value)  # type: ignore[no-any-return]
    if kind is Markup:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return str(value)
    return markupsafe.escape(value)


class Printing(CodeGenerator):
    """Compiles `{{ … }}` to a call of `printed`."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        self.writeline(f"from {__name__} import printed")
        super().visit_Template(node, frame)

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("printed(")


class Calling(Context):
    """Calls macros and plain functions straight."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # No template here has globals of its own; comparing them would cost more than importing.
        self.globals_keys = set()

    def call(self, what: Any, /, *args: Any, **kwargs: Any) -> Any:
        kind = type(what)
        if kind is Macro:
            kwargs.pop("_block_vars", None)
            kwargs.pop("_loop_vars", None)
            return what(self.eval_ctx, *args, **kwargs)
        if kind in _PLAIN and not hasattr(what, "jinja_pass_arg"):
            kwargs.pop("_block_vars", None)
            kwargs.pop("_loop_vars", None)
            return what(*args, **kwargs)
        return super().call(what, *args, **kwargs)


def install(env: Environment) -> None:
    """Before the first template is compiled."""
    env.code_generator_class = Printing
    env.context_class = Calling

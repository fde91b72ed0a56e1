"""Runs the Python blocks of a page one after the other, as `python -m asyncio` would take them."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import sys
from pathlib import Path
from typing import Any


async def run(page: Path) -> None:
    """The blocks share their names; a failure names the page and its line."""
    text = page.read_text()
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in re.finditer(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        # Empty lines before it let a traceback tell the line of the page.
        source = "\n" * text.count("\n", 0, block.start(1)) + block[1]
        code = compile(source, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        made = eval(code, names)
        if inspect.iscoroutine(made):
            await made


asyncio.run(run(Path(sys.argv[1])))

"""For tests of one's own client: `serve` starts a sandbox, and a `World` is one world of it.

What stands here imports its neighbours by relative names and needs the standard library alone:
where a stranger's folder is called `sandbox`, the plugin loads it under another name (0038).
"""

from .connection import SandboxError
from .evidence import Evidence
from .serving import ServedSandbox, serve
from .world import World

__all__ = ["Evidence", "SandboxError", "ServedSandbox", "World", "serve"]

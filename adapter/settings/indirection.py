"""Values that stand elsewhere: "env:NAME" in the environment, "file:PATH" in a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# A setting is a line; a key file of this size is a mistake.
FILE_BYTES_MAX = 16 * 1024
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")

# What a file's stamp is: inode, modification time and size, or None when there is no such file.
Stamp = tuple[int, int, int] | None


@dataclass(kw_only=True)
class Sources:
    """What settings were read from, so that a change of any of it is seen."""

    files: dict[Path, Stamp] = field(default_factory=dict)
    variables: dict[str, str | None] = field(default_factory=dict, repr=False)

    def have_changed(self, environ: Mapping[str, str]) -> bool:
        return any(stamp_of(path) != stamp for path, stamp in self.files.items()) or any(
            environ.get(name) != value for name, value in self.variables.items()
        )


class Resolver:
    """Replaces every indirect value of a settings tree, and notes what could not be found.

    `problems` maps the path of a setting to what is wrong with it; the setting is then None.
    """

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        self._environ = environ
        self.folder = folder
        self.sources = Sources()
        self.problems: dict[tuple[str, ...], str] = {}

    def resolve(self, tree: Any, path: tuple[str, ...] = ()) -> Any:
        """Return the tree with its indirect texts replaced; a replaced text is taken as it is."""
        if isinstance(tree, Mapping):
            return {key: self.resolve(value, (*path, str(key))) for key, value in tree.items()}
        if not isinstance(tree, str):
            return tree
        try:
            if tree.startswith("env:"):
                return self._from_environment(tree.removeprefix("env:"))
            if tree.startswith("file:"):
                return self._from_file(self.folder / tree.removeprefix("file:"))
        except LookupError as error:
            self.problems[path] = str(error.args[0])
            return None
        return tree

    def _from_environment(self, name: str) -> str:
        if not _VARIABLE.fullmatch(name):
            # What stands here may be a secret in the wrong place.
            raise LookupError(
                "has no variable's name after env:. Give letters, digits and underscores"
            )
        value = self._environ.get(name)
        self.sources.variables[name] = value
        if value is None:
            raise LookupError(f"names the environment variable {name!r}, which is not set. Set it")
        return value

    def _from_file(self, path: Path) -> str:
        self.sources.files[path] = stamp_of(path)
        try:
            with path.open("rb") as file:
                content = file.read(FILE_BYTES_MAX + 1)
            text = content.decode()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise LookupError(
                f"names the file {str(path)!r}, which cannot be read ({reason}). "
                "Give a readable text file"
            ) from None
        if len(content) > FILE_BYTES_MAX:
            raise LookupError(
                f"names the file {str(path)!r}, which is larger than {FILE_BYTES_MAX} bytes. "
                "Give a file that holds the value and nothing else"
            )
        return text.rstrip("\r\n")


def stamp_of(path: Path) -> Stamp:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size

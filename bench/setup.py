"""How long the set-up takes from a fresh clone with an empty home, once packages are in pip's cache."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure
from bench.machine import ROOT, directory, environment


def measure() -> Iterator[Figure]:
    """Set a clone up twice: the first fills a cache of its own, the second is measured."""
    with directory() as folder:
        cache = folder / "cache"
        cold = _set_up(folder / "first", cache)
        warm = _set_up(folder / "second", cache)
    yield Figure("set-up of a fresh clone, no package cached", cold, "s", "1 clone")
    yield Figure("set-up of a fresh clone, packages cached", warm, "s", "1 clone", at_most=90)


def _set_up(folder: Path, cache: Path) -> float:
    clone, home = folder / "clone", folder / "home"
    home.mkdir(parents=True)
    _run("git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone), home=home, cache=cache)
    began = time.monotonic()
    _run("make", "--silent", "--directory", str(clone), ".venv/run", home=home, cache=cache)
    seconds = time.monotonic() - began
    _run(str(clone / ".venv/bin/trellis"), "--version", home=home, cache=cache)
    return seconds


def _run(*argv: str, home: Path, cache: Path) -> None:
    env = environment(HOME=str(home), PIP_CACHE_DIR=str(cache))
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "VIRTUAL_ENV"):
        env.pop(name, None)
    subprocess.run(argv, env=env, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

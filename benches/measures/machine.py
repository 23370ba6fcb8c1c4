"""What the figures were taken on, and the page that keeps them."""

import os
import platform
import re
import time
from pathlib import Path

from programs import PGBIN, output

# Around each part of the page that is written anew.
TABLE = "<!-- what `make bench` wrote -->", "<!-- end of what it wrote -->"
SCALE = "<!-- what `make bench SCALE=…` wrote -->", "<!-- end of what SCALE wrote -->"


def describe(bench):
    """A line for people."""
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())[1]) / 2**20
    postgres = output(PGBIN / "postgres", "--version").split()[2]
    return (
        f"{len(os.sched_getaffinity(0))} cores ({model[1] if model else platform.machine()}), {memory:.0f} GiB, "
        f"Linux {platform.release().split('-')[0]}, PostgreSQL {postgres}; an fsync takes {fsync(bench) * 1000:.2f} ms."
    )


def fsync(bench):
    """Seconds that it takes to append a page to a file and make it durable."""
    times = []
    with open(f"{bench.folder}/fsync", "wb") as file:
        for _ in range(200):
            file.write(bytes(8192))
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return sorted(times)[len(times) // 2]


def write(page, part, text):
    """Puts the text where the page keeps this part."""
    begin, end = part
    before, rest = page.read_text().split(begin)
    page.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}")

"""Runs commands and measures them as whole processes, for the scripts beside it."""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def run_once(command, directory):
    """Wall and CPU seconds, resident MiB, what it printed, and the error if the command failed."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=directory, stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - began
        errors.seek(0)
        text = errors.read().decode(errors="replace").strip()
        output.seek(0)
        printed = output.read().decode(errors="replace")
    error = None if process.returncode == 0 else (text.splitlines() or ["no message"])[-1]
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, printed, error


def cpu_seconds(command, directory):
    """CPU seconds of a command that must not fail."""
    _, cpu, _, _, error = run_once(command, directory)
    if error is not None:
        sys.exit(f"FAILED: {' '.join(command)}: {error}")
    return cpu

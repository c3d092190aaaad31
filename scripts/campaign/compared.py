"""What campaigns compare: values by their bits, and rtml as a process whose failures are kept."""

import json
import struct
import subprocess


class Failure(Exception):
    pass


def bits(value, kind):
    """A value of JSON, whose numbers are texts, in a form that two equal values share."""
    if value is None or kind in ("STRING", "BYTES", "BOOL", "TIMESTAMP"):
        return value
    if kind.startswith("LIST<"):
        items = json.loads(value, parse_float=str, parse_int=str) if isinstance(value, str) else value
        return [bits(item, kind[5:-1]) for item in items]
    if kind in ("INT32", "INT64"):
        return int(value)
    return struct.pack("f" if kind == "FLOAT" else "d", float(value)).hex()


class Program:
    """rtml in a project's directory."""

    def __init__(self, binary, directory):
        self.binary, self.directory = binary, directory

    def call(self, *words, cpus=None, statuses=(0,)):
        command = [self.binary, *words, "--quiet"]
        if cpus:
            command = ["taskset", "-c", cpus, *command]
        done = subprocess.run(command, cwd=self.directory, capture_output=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=300)
        if done.returncode not in statuses:
            raise Failure(f"rtml {' '.join(words)} ended with {done.returncode}: "
                          f"{done.stderr.decode()}{done.stdout.decode()}")
        return done.returncode, done.stdout.decode() + (done.stderr.decode() if done.returncode else "")

    def answer(self, *words, statuses=(0,)):
        return json.loads(self.call(*words, "--output", "json", statuses=statuses)[1],
                          parse_float=str, parse_int=str)

    def start(self, *words):
        return subprocess.Popen([self.binary, *words, "--quiet"], cwd=self.directory,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE)

    def rows(self, name):
        text = (self.directory / name).read_text()
        return [json.loads(line, parse_float=str, parse_int=str) for line in text.split("\n") if line]

    def is_same(self, name, other):
        return (self.directory / name).read_bytes() == (self.directory / other).read_bytes()

"""A stream of card payments with all that a stream brings, and what is to be seen of it afterwards.

Campaigns that disturb `rtml stream run` compare two of these: one that was disturbed, one that was
not.
"""

import json
import pathlib
import random
import shutil
import subprocess
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
START = 1_767_225_600  # 2026-01-01
CARDS = 300


def payment(number, rng, start=START):
    """Lines of the stream: mostly an event, sometimes one that is late, twice there, or poison."""
    at = start + number * 0.5 + rng.gauss(0, 20)
    kind = rng.random()
    if kind < 0.01:
        at -= 40 * 86_400  # Late by any retention.
    # Integers of microseconds, so that nothing is rounded on the way.
    event = {"payment_id": number, "paid_at": round(at * 1e6), "card_id": rng.randrange(CARDS),
             "shop": f"shop {rng.randrange(40)}", "amount": round(rng.lognormvariate(3, 1), 2)}
    line = json.dumps(event)
    if kind > 0.995:
        return [rng.choice([line[:-5], '{"payment_id": 1}', "\udcff", "[" * 200,
                            json.dumps({**event, "card_id": None}),
                            json.dumps({**event, "amount": "many"}),
                            json.dumps({**event, "paid_at": (start + 20 * 365 * 86_400) * 10**6}),
                            json.dumps({**event, "note": "x" * 5000})])]
    return [line] if kind < 0.98 else [line, line]


def write_project(directory, stream, store=None, batch=None):
    """The project of tests/data/payment_stream with another stream; `stream` and `store` are as YAML
    has them. With `batch` the source has a table too."""
    shutil.copytree(SOURCE / "tests/data/payment_stream", directory)
    (directory / "payments.jsonl").unlink()
    source = directory / "sources/payments.yaml"
    text = source.read_text().replace("{column: paid_at}", "{column: paid_at, unit: us}")
    head, _, tail = text.partition("stream: ")
    lines = f"stream: {stream}\n" + (f"batch: {{type: file, path: {batch}}}\n" if batch else "")
    source.write_text(head + lines + tail.partition("\n")[2].replace(
        "columns:", "columns:\n  paid_at: INT64"))
    if store:
        with open(directory / "rtml.yaml", "a", encoding="utf-8") as out:
            out.write(f"stores:\n  online: {store}\n")


class Stream:
    """A project with its store, and what is to be seen of it."""

    def __init__(self, binary, directory):
        self.binary, self.directory = binary, directory

    def call(self, *words):
        done = subprocess.run([self.binary, *words], cwd=self.directory, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=600, check=False)
        if done.returncode != 0:
            raise SystemExit(f"FAILED: rtml {' '.join(words)} ended with {done.returncode}: "
                             f"{done.stderr.decode()}")
        return done.stdout.decode()

    def start(self, *words):
        return subprocess.Popen([self.binary, "stream", "run", "--all", "--quiet", *words],
                                cwd=self.directory, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def status(self):
        return json.loads(self.call("stream", "status", "--all", "--output", "json"))["parts"]

    def forget(self):
        shutil.rmtree(self.directory / ".rtml", ignore_errors=True)

    def letters(self, kind, view=None):
        for file in sorted((self.directory / ".rtml" / kind).glob("*.jsonl")):
            for line in file.read_text().split("\n"):
                try:
                    letter = json.loads(line)
                except ValueError:
                    continue  # What a killed run left of a line; it is written once more.
                if view in (None, letter["view"]):
                    yield letter

    def origins(self, kind):
        return {(letter["view"], letter["partition"], letter["offset"], letter["reason"])
                for letter in self.letters(kind)}

    def facts(self, end):
        """Everything that must not depend on how the stream was disturbed; `end` is the time of the
        last event in seconds."""
        counters = ("view", "source", "partition", "next_offset", "watermark", "events",
                    "duplicates", "late", "dead_letters")
        facts = {"parts": [[part[name] for name in counters] for part in self.status()],
                 "late": self.origins("late"), "dead_letters": self.origins("dead_letters")}
        entities = [word for card in range(CARDS) for word in ("--entity", f"card_id={card}")]
        for back in (0, 1800, 7200):
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end - back))
            facts[f"cards as of {at}"] = json.loads(self.call(
                "feature", "get", "card_activity", *entities, "--at", at, "--output", "json"))["results"]
        return facts

    def verify(self, lines):
        """Holds each view against a table of the messages `lines` without those that the view
        found late; the others are no events."""
        for view in ("card_activity", "shop_activity"):
            aside = {letter.get("message") for kind in ("late", "dead_letters")
                     for letter in self.letters(kind, view)}
            events = []
            for line in lines:
                # A long message stands cut in its letter, if at all.
                if line in aside or len(line) > 4096:
                    continue
                try:
                    json.loads(line)
                except ValueError:
                    continue
                events.append(line)
            (self.directory / "batch.jsonl").write_text("\n".join(events) + "\n")
            report = json.loads(self.call("feature", "verify", view, "--online", "--sample", "400",
                                          "--output", "json"))
            if report["differing"] != 0 or len(report["comparisons"]) != 2:
                raise SystemExit(f"FAILED: feature verify {view}: {json.dumps(report)[:2000]}")


def check(expected, found):
    """Ends the campaign where something differs."""
    wrong = [name for name in expected if expected[name] != found[name]]
    if not wrong:
        return
    for name in wrong[:3]:
        one, other = expected[name], found[name]
        if isinstance(one, set):
            one, other = sorted(one - other)[:5], sorted(other - one)[:5]
        print(f"{name}:\n  expected {str(one)[:1500]}\n  found    {str(other)[:1500]}")
    raise SystemExit(f"FAILED: differs: {', '.join(wrong)}")


def seeded(seed):
    print(f"seed {seed}", flush=True)
    return random.Random(seed)

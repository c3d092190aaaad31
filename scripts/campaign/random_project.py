"""A random project with random events, for campaigns that hold several computations against each other.

Every choice comes from one random.Random, so that a seed names a project.
"""

import datetime
import json
import math
import struct

UNITS_US = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000,
            "d": 86_400_000_000}
ORIGINS_US = (0, 0, 0, 1_000_000_000_000_000, -2_208_988_800_000_000, -62_135_000_000_000_000)
COLUMNS = {"k": "INT64", "name": "STRING", "id": "INT64", "x": "DOUBLE", "z": "DOUBLE",
           "y": "INT64", "n": "INT32", "w": "FLOAT", "s": "STRING", "flag": "BOOL",
           "moment": "TIMESTAMP"}
NAMES = ("a", "", "a b", "é=ü", 'quote "\' \\', "a text that is longer than sixteen bytes, with commas")
FILTERS = ("flag", "x > 0", "y % 2 == 0", "s == 'a' or x < 1")
NUMERIC = ("x", "z", "w", "y", "n", "flag", "x + z")
ANY = ("x", "z", "w", "y", "n", "s", "flag", "moment")
TYPES = {**COLUMNS, "x + z": "DOUBLE"}
# name: (arguments, what it gives; None: the argument's type)
AGGREGATES = {"sum": (NUMERIC, None), "mean": (NUMERIC, "DOUBLE"), "min": (ANY, None),
              "max": (ANY, None), "first": (ANY, None), "last": (ANY, None),
              "var": (NUMERIC, "DOUBLE"), "std": (NUMERIC, "DOUBLE"),
              "last_k": (ANY, "LIST"), "top_k": (ANY, "LIST"), "count_distinct": (ANY, "INT64"),
              "quantile": (NUMERIC, "DOUBLE"), "ewma": (NUMERIC, "DOUBLE"),
              "rate": (NUMERIC, "DOUBLE"), "approx_count_distinct": (ANY, "INT64"),
              "approx_quantile": (NUMERIC, "DOUBLE"), "count": (ANY, "INT64")}
COMMON = ("count", "sum", "mean", "min", "max", "first", "last", "count")


def moment(time_us):
    """A time as RFC 3339."""
    at = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=time_us)
    return at.isoformat(timespec="microseconds") + "Z"


def as_float(number):
    """The nearest FLOAT."""
    try:
        return struct.unpack("f", struct.pack("f", number))[0]
    except OverflowError:
        return math.copysign(math.inf, number)


class RandomProject:
    """`features` are names with types, `lines` the same as the project says them, `partitions` the
    events of each partition in the order of their arrival."""

    def __init__(self, rng):
        self.rng = rng
        self.view = "v"
        self.unit = rng.choice(list(UNITS_US))
        self.unit_us = UNITS_US[self.unit]
        self.origin_us = rng.choice(ORIGINS_US)
        self.keys = rng.choice((["k"], ["name"], ["k", "name"], []))
        self.has_id, self.has_created = rng.random() < 0.6, rng.random() < 0.5
        self.is_as_of_created = self.has_created and rng.random() < 0.3
        # Kept whole: no state forgets anything, so events may come in any order and an id may come
        # again with other values.
        self.is_kept_whole = rng.random() < 0.4
        self.has_sessions = False
        self.ttl_us = self.unit_us * rng.randint(1, 30) if rng.random() < 0.3 else 0
        self.nan_is_null = rng.random() < 0.3
        self.history_us = self.unit_us * (10**6 if self.is_kept_whole else rng.randint(0, 20))
        self.may_be_late = not self.is_kept_whole and rng.random() < 0.4
        self.lateness_us = None  # Not declared.
        if self.may_be_late or (not self.is_kept_whole and rng.random() < 0.3):
            self.lateness_us = min(self.unit_us * rng.randint(0, 20), self.history_us)
        # Without any patience the second of two events of one moment is late.
        has_patience = self.may_be_late or self.history_us and self.lateness_us != 0
        self.delay_us = rng.choice((0 if has_patience else 1, 1, 3 * self.unit_us))
        self.features = []
        self.lines = [self.random_feature(f"f{i}") for i in range(rng.randint(1, 6))]
        self.lines += self.expressions()
        self.partitions = [[] for _ in range(rng.randint(1, 4))]
        self.make_events()

    # ---- the view ----

    def duration(self, least, most, factor=1):
        return f"{factor * self.rng.randint(least, most)}{self.unit}"

    def sliding(self):
        rng = self.rng
        tile = rng.randint(1, 6) if not self.is_as_of_created and rng.random() < 0.5 else 0
        window = {"size": self.duration(1, 6 if tile else 20, tile or 1)}
        if tile:
            window["resolution"] = f"{tile}{self.unit}"
        if rng.random() < 0.4:
            window["delay"] = self.duration(0, 4, tile or 1)
        if rng.random() < 0.3:
            window["bounds"] = "closed-open"
        return window

    def window(self):
        rng = self.rng
        kind = 5 if self.is_as_of_created else rng.randrange(6)
        if kind == 0:
            return {"type": "lifetime"}
        if kind == 1:
            window = {"type": "tumbling", "size": self.duration(1, 15)}
            if rng.random() < 0.5:
                window["offset"] = self.duration(0, 30)
            if rng.random() < 0.5:
                window["partial"] = True
            return window
        if kind == 2:
            self.has_sessions = True
            window = {"type": "session", "gap": self.duration(1, 6),
                      "max_length": self.duration(1, rng.choice((8, 60)))}
            if rng.random() < 0.5:
                window["closed"] = True
            return window
        return self.sliding()

    def random_feature(self, name):
        rng = self.rng
        if rng.random() < 0.1:
            column = rng.choice(ANY)
            self.features.append((name, TYPES[column]))
            return {"name": name, "type": TYPES[column], "column": column}
        window = self.window()
        kind = window.get("type", "sliding")
        while True:
            aggregate = rng.choice(COMMON if rng.random() < 0.6 else list(AGGREGATES))
            if aggregate.startswith("approx_") and kind == "sliding" and "resolution" not in window:
                continue
            if aggregate != "rate" or kind in ("sliding", "tumbling"):
                break
        arguments, given = AGGREGATES[aggregate]
        argument = rng.choice(arguments)
        if aggregate in ("count", "rate") and rng.random() < 0.5:
            argument = ""
        constant = {"last_k": ", 3", "top_k": ", 3", "quantile": ", 0.3", "approx_quantile": ", 0.3",
                    "ewma": f", {self.duration(1, 9)}"}.get(aggregate, "")
        kind_given = given or TYPES[argument]
        if given == "LIST":
            kind_given = f"LIST<{TYPES[argument]}>"
        if aggregate == "sum":
            kind_given = "DOUBLE" if TYPES[argument] in ("DOUBLE", "FLOAT") else "INT64"
        if kind_given in ("INT32", "INT64") and rng.random() < 0.2:
            kind_given = "DOUBLE"
        self.features.append((name, kind_given))
        feature = {"name": name, "type": kind_given, "window": window,
                   "aggregate": f"{aggregate}({argument}{constant})" if argument else aggregate}
        if rng.random() < 0.4:
            feature["filter"] = rng.choice(FILTERS)
        return feature

    def expressions(self):
        lines = []
        if self.rng.random() < 0.5:
            lines += [{"name": "e1", "type": "STRING", "expression": "if(flag, lower(name), s)"},
                      {"name": "e2", "type": "BOOL",
                       "expression": "is_null(f0) or x > 1 or e1 == 'b'"}]
        if self.features[0][1] in ("INT64", "INT32", "DOUBLE", "FLOAT"):
            lines.append({"name": "e3", "type": "DOUBLE", "expression": "f0 / 3 + coalesce(x, y)"})
        self.features += [(line["name"], line["type"]) for line in lines]
        return lines

    # ---- the events ----

    def number(self, flavour):
        rng = self.rng
        if flavour == 5:
            flavour = rng.randrange(5)
        if flavour == 0:
            return rng.randrange(100_000) / 100
        if flavour == 1:
            return (rng.randrange(2_001) - 1_000) / 8
        if flavour == 2:
            return rng.choice((-1, 1)) * math.ldexp(1 + rng.random(), rng.randint(-1_074, 1_022))
        if flavour == 3:
            return rng.choice((math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, 1.7e308, -1.7e308,
                               1.0, 1e16))
        return math.ldexp(rng.randrange(4), rng.randrange(3) * 53)

    def integer(self):
        return self.rng.choice((2**63 - 1 - self.rng.randrange(3), -2**63 + self.rng.randrange(3),
                                self.rng.randint(-5, 5), self.rng.randint(-5, 5)))

    def maybe(self, value):
        return None if self.rng.random() < 1 / 6 else value

    def event(self, number, span):
        rng = self.rng
        jitter = rng.choice((0, 0, 1, -1, rng.randrange(self.unit_us)))
        time_us = self.origin_us + self.unit_us * rng.randrange(span) + jitter
        event = {"k": self.maybe(rng.randrange(self.key_count) - 1),
                 "name": rng.choice(NAMES[:1 + self.key_count]), "t": time_us,
                 "id": self.maybe(number), "x": self.maybe(self.number(self.flavour)),
                 "z": self.maybe(self.number(self.flavour)), "y": self.maybe(self.integer()),
                 "n": self.maybe(rng.randint(-2**31, 2**31 - 1)),
                 "w": self.maybe(as_float(self.number(self.flavour))),
                 "s": self.maybe(rng.choice(("", "a", "b", "a text longer than sixteen bytes", "é"))),
                 "flag": self.maybe(rng.random() < 0.5),
                 "moment": self.maybe(time_us - rng.randrange(10))}
        if self.has_created:
            event["c"] = self.maybe(time_us + self.unit_us * rng.randint(-1, 12))
        if self.is_kept_whole and rng.random() < 0.1 and number:
            event["id"] = rng.randrange(number)
        return event

    def make_events(self):
        """Fills `partitions` with events in the order of their arrival."""
        rng = self.rng
        self.flavour = rng.randrange(6)
        self.key_count = rng.randint(1, 4)
        count, span = rng.choice((1, 5, 60, 60, 300, 300, 1_500)), rng.randint(1, 120)
        events = [self.event(number, span) for number in range(count)]
        events += [rng.choice(events) for _ in range(len(events) // 10)] if self.has_id else []
        # An event that comes less than this behind a later one is not late.
        disorder_us = self.delay_us + min(self.history_us,
                                          self.history_us if self.lateness_us is None
                                          else self.lateness_us)
        if self.may_be_late:
            disorder_us += 10 * self.unit_us
        due = [event["t"] + rng.randrange(max(disorder_us, 1)) for event in events]
        order = sorted(range(len(events)), key=lambda i: (due[i], rng.random()))
        for i in order:
            event = events[i]
            number = event["id"] if self.has_id and event["id"] is not None else i
            self.partitions[number * 7 % 11 % len(self.partitions)].append(event)

    # ---- what a stream must do with them ----

    def sort(self, events):
        """Of one partition's events in the order of their arrival: those that are applied, those
        that are late, those without a key, and the latest time applied (None: none)."""
        applied, late, keyless, latest_us = [], [], [], None
        for event in events:
            if any(event[key] is None for key in self.keys):
                keyless.append(event)
            elif (self.may_be_late and latest_us is not None and
                  event["t"] <= latest_us - self.delay_us - self.lateness_us):
                late.append(event)
            else:
                applied.append(event)
                latest_us = event["t"] if latest_us is None else max(latest_us, event["t"])
        return applied, late, keyless, latest_us

    # ---- files ----

    def line(self, event, is_whole=False):
        """As JSON; not-a-number and infinities are texts there. Nulls may be left out, unless it
        shall be whole: a table has the columns that its file names."""
        def value(name, item):
            if isinstance(item, float) and not math.isfinite(item):
                return "NaN" if math.isnan(item) else "Infinity" if item > 0 else "-Infinity"
            return moment(item) if name == "moment" and item is not None else item
        items = [(name, value(name, item)) for name, item in event.items()]
        if not is_whole and self.rng.random() < 0.3:
            self.rng.shuffle(items)
            items = [item for item in items if item[1] is not None or self.rng.random() < 0.5]
        return json.dumps(dict(items), ensure_ascii=self.rng.random() < 0.5) + "\n"

    def write(self, directory):
        source = {"kind": "source", "name": "events",
                  "batch": {"type": "file", "path": "batch/*.jsonl"},
                  "stream": {"type": "file", "path": "stream/*.jsonl",
                             "batch_rows": self.rng.choice((1, 7, 50, 65_536))},
                  "timestamp": {"column": "t", "unit": "us"}, "columns": {**COLUMNS, "t": "INT64"}}
        if self.has_id:
            source["id"] = "id"
        if self.has_created:
            source["columns"]["c"] = "INT64"
            source["created"] = {"column": "c", "unit": "us"}
        if self.nan_is_null:
            source["nan"] = None
        view = {"kind": "feature_view", "name": self.view, "entities": self.keys, "source": "events",
                "history": f"{self.history_us}us", "watermark_delay": f"{self.delay_us}us",
                "features": self.lines}
        if self.ttl_us:
            view["ttl"] = f"{self.ttl_us}us"
        if self.is_as_of_created:
            view["as_of_created"] = True
        if self.lateness_us is not None:
            view["allowed_lateness"] = f"{self.lateness_us}us"
        for name, document in (("rtml.yaml", {"format": 1, "name": "random"}),
                               ("sources/events.yaml", source), ("features/v.yaml", view)):
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
        for folder in ("batch", "stream"):
            (directory / folder).mkdir()

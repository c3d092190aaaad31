"""A random project with random events, for campaigns that hold several computations against each other.

Every choice comes from one random.Random, so that a seed names a project.
"""

import json
import math

from random_source import COLUMNS, LISTS, MAX_US, MIN_US, Event, RandomSource

UNITS_US = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000,
            "d": 86_400_000_000}
# 1970, 2001, 1900, the first and the last years that times can have, and 5138.
ORIGINS_US = (0, 0, 10**15, -2_208_988_800_000_000, -62_135_000_000_000_000, MIN_US, MAX_US, 10**17)
NOW_US = 1_790_000_000_000_000  # Not later than any run: events after it come from the future.
# The source has to have the columns that stand behind an expression.
FILTERS = (("flag", ("flag",)), ("x > 0", ("x",)), ("y % 2 == 0", ("y",)),
           ("s == 'a' or x < 1", ("s", "x")), ("contains(ls, 'a')", ("ls",)))
# Arguments that are computed: what they give, and of which columns.
COMPUTED = {"x + z": ("DOUBLE", ("x", "z")), "length(li)": ("INT64", ("li",)),
            "sum(ld)": ("DOUBLE", ("ld",)), "mean(lw)": ("DOUBLE", ("lw",)),
            "dot(ld, lw)": ("DOUBLE", ("ld", "lw")), "element(li, 0)": ("INT64", ("li",)),
            "contains(ls, 'b')": ("BOOL", ("ls",)), "element(ls, -1)": ("STRING", ("ls",)),
            "max(lt)": ("TIMESTAMP", ("lt",))}
ANY = ("x", "z", "w", "y", "n", "s", "b", "flag", "moment", *LISTS, *COMPUTED)
NUMERIC = ("x", "z", "w", "y", "n", "flag", *COMPUTED)
WHOLE = ("first", "last", "count", "count_distinct", "approx_count_distinct")  # Take lists.
KEYS = (["k"], ["k"], ["name"], ["k", "name"], [], ["flag"], ["moment"], ["k", "moment", "flag"])
NUMBERS = ("BOOL", "INT32", "INT64", "FLOAT", "DOUBLE")
# name: (arguments, what it gives; None: the argument's type)
AGGREGATES = {"sum": (NUMERIC, None), "mean": (NUMERIC, "DOUBLE"), "min": (ANY, None),
              "max": (ANY, None), "first": (ANY, None), "last": (ANY, None),
              "var": (NUMERIC, "DOUBLE"), "std": (NUMERIC, "DOUBLE"),
              "last_k": (ANY, "LIST"), "top_k": (ANY, "LIST"), "count_distinct": (ANY, "INT64"),
              "quantile": (NUMERIC, "DOUBLE"), "ewma": (NUMERIC, "DOUBLE"),
              "rate": (NUMERIC, "DOUBLE"), "approx_count_distinct": (ANY, "INT64"),
              "approx_quantile": (NUMERIC, "DOUBLE"), "count": (ANY, "INT64")}
COMMON = ("count", "sum", "mean", "min", "max", "first", "last", "count")


class RandomProject:
    """`features` are names with types, `lines` the same as the project says them, `sources` hold the
    events. `media` are what streams may go by: "file", and objects with stream_keys(); `store` is
    that of the project, None the default."""

    def __init__(self, rng, media=("file",), store=None, counts=(1, 5, 60, 60, 300, 300, 1_500)):
        self.rng, self.store = rng, store
        self.view = "v"
        self.unit = rng.choice(list(UNITS_US))
        self.unit_us = UNITS_US[self.unit]
        self.span = rng.randint(1, 120)
        self.origin_us = self.random_origin()
        self.keys = rng.choice(KEYS)
        self.is_as_of_created = rng.random() < 0.15
        # Kept whole: no state forgets anything, so events may come in any order and an id may come
        # again with other values.
        self.is_kept_whole = rng.random() < 0.4
        self.has_sessions = False
        self.ttl_us = self.unit_us * rng.randint(1, 30) if rng.random() < 0.3 else 0
        # Some events anywhere in the years 1 to 9999, the others together.
        self.is_wide = self.is_kept_whole and rng.random() < 0.15
        self.history_us = self.unit_us * (10**6 if self.is_kept_whole else rng.randint(0, 20))
        if self.is_wide:
            self.history_us = MAX_US - MIN_US
        self.may_be_late = not self.is_kept_whole and rng.random() < 0.4
        self.lateness_us = None  # Not declared.
        if self.may_be_late or (not self.is_kept_whole and rng.random() < 0.3):
            self.lateness_us = min(self.unit_us * rng.randint(0, 20), self.history_us)
        # Without any patience the second of two events of one moment is late.
        has_patience = self.may_be_late or self.history_us and self.lateness_us != 0
        self.delay_us = rng.choice((0 if has_patience else 1, 1, 3 * self.unit_us))
        self.flavour, self.key_count = rng.randrange(6), rng.randint(1, 4)
        self.is_future = self.is_wide or self.origin_us + 200 * self.unit_us > NOW_US
        self.has_future = not self.is_future and rng.random() < 0.2
        self.sources = []
        for i in range(rng.choice((1, 1, 2, 3))):
            self.sources.append(RandomSource(rng, f"events{'_cd'[i]}".rstrip("_"), self, media))
            if i:
                self.sources[i].narrow()
        if len(self.sources) > 1 and rng.random() < 0.5:
            self.sources.reverse()
        for source in self.sources:
            source.choose_format()
        self.features = []
        self.lines = [self.random_feature(f"f{i}") for i in range(rng.randint(1, 6))]
        self.lines += self.expressions()
        self.make_events(rng.choice(counts))

    def random_origin(self):
        origin_us = self.rng.choice(ORIGINS_US)
        return min(origin_us, MAX_US - self.rng.choice((0, 1, self.span)) * self.unit_us)

    @property
    def partitions(self):
        """The arrivals of all partitions of all sources."""
        return [events for source in self.sources for events in source.partitions]

    # ---- the view ----

    def columns_of(self, source):
        """What an aggregate sees of a source, or (None) of all of them, with types."""
        kinds = dict(COLUMNS) if len(self.sources) == 1 else dict(self.sources[0].columns)
        if len(self.sources) > 1:
            wide = [{name: "INT64" if kind == "INT32" else kind for name, kind in one.columns.items()}
                    for one in self.sources]
            kinds = {name: kind for name, kind in wide[0].items()
                     if all(columns.get(name) == kind for columns in wide)}
            if source is not None:
                kinds = {**source.columns, **kinds}
        for text, (kind, columns) in COMPUTED.items():
            if all(kinds.get(name) == COLUMNS[name] for name in columns):
                kinds[text] = kind
        return kinds

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
            kinds = self.columns_of(None)
            column = rng.choice([column for column in kinds if column in ANY and
                                 column not in COMPUTED and kinds[column] != "BYTES"])
            self.features.append((name, kinds[column]))
            return {"name": name, "type": kinds[column], "column": column}
        source = rng.choice((None, rng.choice(self.sources))) if len(self.sources) > 1 else None
        kinds = self.columns_of(source)
        window = self.window()
        kind = window.get("type", "sliding")
        while True:
            aggregate = rng.choice(COMMON if rng.random() < 0.6 else list(AGGREGATES))
            if aggregate.startswith("approx_") and kind == "sliding" and "resolution" not in window:
                continue
            if aggregate != "rate" or kind in ("sliding", "tumbling"):
                break
        arguments, given = AGGREGATES[aggregate]
        # Files of lines hold no BYTES, so no feature gives them.
        argument = rng.choice([argument for argument in arguments if argument in kinds and
                               (kinds[argument] in NUMBERS or arguments is ANY and
                                (kinds[argument] != "BYTES" or given == "INT64") and
                                (argument not in LISTS or aggregate in WHOLE))])
        if aggregate in ("count", "rate") and rng.random() < 0.5:
            argument = ""
        constant = {"last_k": ", 3", "top_k": ", 3", "quantile": ", 0.3", "approx_quantile": ", 0.3",
                    "ewma": f", {self.duration(1, 9)}"}.get(aggregate, "")
        kind_given = given or kinds[argument]
        if given == "LIST":
            kind_given = f"LIST<{kinds[argument]}>"
        if aggregate == "sum":
            kind_given = "DOUBLE" if kinds[argument] in ("DOUBLE", "FLOAT") else "INT64"
        if kind_given in ("INT32", "INT64") and rng.random() < 0.2:
            kind_given = "DOUBLE"
        self.features.append((name, kind_given))
        feature = {"name": name, "type": kind_given, "window": window,
                   "aggregate": f"{aggregate}({argument}{constant})" if argument else aggregate}
        if source is not None:
            feature["source"] = source.name
        filters = [text for text, columns in FILTERS
                   if all(kinds.get(column) == COLUMNS[column] for column in columns)]
        if rng.random() < 0.4:
            feature["filter"] = rng.choice(filters)
        return feature

    def expressions(self):
        lines, kinds = [], self.columns_of(None)
        if self.rng.random() < 0.5 and "s" in kinds:
            lines += [{"name": "e1", "type": "STRING", "expression": "if(flag, lower(name), s)"},
                      {"name": "e2", "type": "BOOL",
                       "expression": "is_null(f0) or x > 1 or e1 == 'b'"}]
        if self.features[0][1] in ("INT64", "INT32", "DOUBLE", "FLOAT"):
            other = "y" if "y" in kinds else "0"
            lines.append({"name": "e3", "type": "DOUBLE",
                          "expression": f"f0 / 3 + coalesce(x, {other})"})
        if "ld" in kinds and self.rng.random() < 0.3:
            lines.append({"name": "e4", "type": "DOUBLE", "expression": "cosine(ld, [0.5, 0.25])"})
        self.features += [(line["name"], line["type"]) for line in lines]
        return lines

    # ---- the events ----

    def number(self):
        rng, flavour = self.rng, self.flavour
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

    def make_events(self, count):
        """Fills the sources' partitions with arrivals, in their order."""
        rng = self.rng
        # An event that comes less than this behind a later one is not late.
        disorder_us = self.delay_us + min(self.history_us,
                                          self.history_us if self.lateness_us is None
                                          else self.lateness_us)
        if self.may_be_late:
            disorder_us += 10 * self.unit_us
        # A table without rows would not say what its columns are, so each source has an event.
        arrivals = [self.arrival(number, disorder_us) for number in range(max(count, len(self.sources)))]
        again = [event for event in arrivals if event.values and event.source.has_id]
        for event in (rng.choice(again) for _ in range(len(again) // 10)):
            copy = Event(event.source, event.time_us, event.values,
                         event.time_us + rng.randrange(max(disorder_us, 1)))
            copy.time, copy.is_future = event.time, event.is_future
            arrivals.append(copy)
        order = sorted(range(len(arrivals)), key=lambda i: (arrivals[i].due_us, rng.random()))
        for i in order:
            arrivals[i].source.add(arrivals[i], i)

    def arrival(self, number, disorder_us):
        rng = self.rng
        is_first = number < len(self.sources)
        source = self.sources[number] if is_first else rng.choice(self.sources)
        jitter = rng.choice((0, 0, 1, -1, rng.randrange(self.unit_us)))
        time_us = self.origin_us + self.unit_us * rng.randrange(self.span) + jitter
        if self.is_wide and rng.random() < 0.3:
            time_us = rng.choice((MIN_US, MAX_US, rng.randrange(MIN_US, MAX_US)))
        due_us = time_us + rng.randrange(max(disorder_us, 1))
        if source.has_poison and rng.random() < 0.05 and not is_first:
            return Event(source, time_us, None, due_us)
        if (self.has_future and rng.random() < 0.02 and source.time_unit != "ns" and not is_first):
            event = source.make_event(number, MAX_US - rng.randrange(self.unit_us), due_us)
            event.is_future = True
            return event
        event = source.make_event(number, time_us, 0)
        # By its time as the source writes it, which may be coarser.
        event.due_us = event.time_us + rng.randrange(max(disorder_us, 1))
        event.is_spoiled = (source.has_spoiled and source.is_plain() and not is_first and
                            rng.random() < 0.1)
        return event

    # ---- what a stream must do with them ----

    def sort(self, arrivals):
        """Of one partition's arrivals in their order: those that are applied, those that are late,
        those without a key, how many others are dead letters, and the latest time applied (None:
        none)."""
        applied, late, keyless, dead, latest_us = [], [], [], 0, None
        for event in arrivals:
            if event.values is None or event.is_future or event.is_spoiled:
                dead += 1
            elif event.key(self.keys) is None:
                keyless.append(event)
            elif (self.may_be_late and latest_us is not None and
                  event.time_us <= latest_us - self.delay_us - self.lateness_us):
                late.append(event)
            else:
                applied.append(event)
                latest_us = event.time_us if latest_us is None else max(latest_us, event.time_us)
        return applied, late, keyless, dead, latest_us

    def batch_events(self, source):
        """The events that no stream finds late, nor refuses for good."""
        events = []
        for partition in source.partitions:
            applied, _, keyless, _, _ = self.sort(partition)
            events += applied + keyless + [event for event in partition if event.is_spoiled]
        return events

    # ---- files ----

    def write(self, directory):
        view = {"kind": "feature_view", "name": self.view, "entities": self.keys,
                "history": f"{self.history_us}us", "watermark_delay": f"{self.delay_us}us",
                "features": self.lines}
        names = [source.name for source in self.sources]
        view.update({"source": names[0]} if len(names) == 1 else {"sources": names})
        if self.ttl_us:
            view["ttl"] = f"{self.ttl_us}us"
        if self.is_as_of_created:
            view["as_of_created"] = True
        if self.lateness_us is not None:
            view["allowed_lateness"] = f"{self.lateness_us}us"
        if self.is_future:
            view["max_future"] = "3000000d"
        project = {"format": 1, "name": "random"}
        if self.store:
            project["stores"] = {"online": self.store}
        documents = [("rtml.yaml", project), ("features/v.yaml", view)]
        for source in self.sources:
            documents.append((f"sources/{source.name}.yaml", source.definition()))
            for name, text in (source.format.files.items() if source.format else ()):
                (directory / name).write_text(text)
            for folder in ("batch", "stream"):
                (directory / folder / source.name).mkdir(parents=True)
        for name, document in documents:
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")

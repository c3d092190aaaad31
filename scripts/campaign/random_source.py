"""A random source of a random project: its columns, its events, how its files and its stream hold
them."""

import datetime
import json
import math
import struct

from messages import Avro, Framed, Protobuf

MIN_US, MAX_US = -62_135_596_800_000_000, 253_402_300_799_999_999  # Years of four digits.
COLUMNS = {"k": "INT64", "name": "STRING", "x": "DOUBLE", "z": "DOUBLE", "y": "INT64", "n": "INT32",
           "w": "FLOAT", "s": "STRING", "b": "BYTES", "flag": "BOOL", "moment": "TIMESTAMP",
           "li": "LIST<INT64>", "ld": "LIST<DOUBLE>", "ls": "LIST<STRING>", "lw": "LIST<FLOAT>",
           "lb": "LIST<BOOL>", "lt": "LIST<TIMESTAMP>"}
LISTS = tuple(column for column, kind in COLUMNS.items() if kind.startswith("LIST<"))
NAMES = ("a", "", "a b", "é=ü", 'quote "\' \\', "a text that is longer than sixteen bytes, with commas")
TEXTS = ("", "a", "b", "a text longer than sixteen bytes", "é")
UNIT_STEPS_US = {"us": 1, "ns": 1, "ms": 1_000, "s": 1_000_000}
POISON = (b"\xff" * 20, b"\x02", b"[" * 200, b"{\"t\": ", b"no message")


def clamp(time_us):
    return min(max(time_us, MIN_US), MAX_US)


def moment(time_us):
    """A time as RFC 3339."""
    at = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=time_us)
    return at.isoformat(timespec="microseconds") + "Z"


def from_moment(text):
    at = datetime.datetime.fromisoformat(text.removesuffix("Z")) - datetime.datetime(1970, 1, 1)
    return at // datetime.timedelta(microseconds=1)


def as_float(number):
    """The nearest FLOAT."""
    try:
        return struct.unpack("f", struct.pack("f", number))[0]
    except OverflowError:
        return math.copysign(math.inf, number)


class Event:
    """`values` are those of its columns, without the time; None: a message that is no event."""

    def __init__(self, source, time_us, values, due_us):
        self.source, self.time_us, self.values, self.due_us = source, time_us, values, due_us
        self.time = None  # As the source writes it.
        self.is_future = False
        self.is_spoiled = False  # Its message is a dead letter until it is corrected.

    @property
    def created_us(self):
        return self.values.get("c")

    def key(self, names):
        """As JSON has it; nothing if the event is no entity's."""
        key = tuple(self.values[name] for name in names)
        if None in key:
            return None
        return tuple(moment(value) if name == "moment" else value for name, value in zip(names, key))


class RandomSource:
    """`partitions` are the arrivals of each partition in their order."""

    def __init__(self, rng, name, project, media):
        self.rng, self.name, self.project = rng, name, project
        self.columns = dict(COLUMNS)
        self.has_id = rng.random() < 0.6
        self.id_kind = rng.choice(("INT64", "INT64", "STRING"))
        self.id_base = rng.choice((0, 0, -2**63, 2**63 - 10**6))
        self.has_created = project.is_as_of_created or rng.random() < 0.5
        self.nan_is_null = rng.random() < 0.3
        self.time_unit = rng.choice(("us", "us", "us", "ns", "ms", "s", None))
        # Nanoseconds count to the year 2262; a unit coarser than the project's would hold few times.
        if (self.time_unit == "ns" and (project.is_wide or abs(project.origin_us) > 9 * 10**15) or
                self.time_unit and UNIT_STEPS_US[self.time_unit] > project.unit_us):
            self.time_unit = "us"
        self.medium = rng.choice(media)
        self.partitions = [[] for _ in range(rng.randint(1, 4 if len(project.sources) == 0 else 2))]
        self.batch_rows = rng.choice((1, 7, 50, 65_536))
        self.has_poison = rng.random() < 0.2
        self.has_spoiled = project.is_kept_whole and rng.random() < 0.3
        self.format = None
        self.lists_are_whole = False  # No nulls in lists, and no null for one.

    def narrow(self):
        """Takes columns away and gives some another type, as a second source of a view may have
        them."""
        for column in list(self.columns):
            if column not in ("k", "name", "x", "flag") and self.rng.random() < 0.3 and column not in self.project.keys:
                del self.columns[column]
        for column, kind in (("n", "INT64"), ("k", "INT32"), ("z", "STRING")):
            if column in self.columns and self.rng.random() < 0.3:
                self.columns[column] = kind

    def choose_format(self):
        columns = {**self.columns, "t": "INT64" if self.time_unit else "TIMESTAMP"}
        if self.has_id:
            columns["id"] = self.id_kind
        if self.has_created:
            columns["c"] = "INT64"
        self.all_columns = columns
        if self.medium == "file":
            return
        kind = self.rng.choice((Avro, Protobuf, None))
        # A list that is absent from a Protobuf message is an empty one.
        self.lists_are_whole = kind is Protobuf
        formats = [kind(self.rng, f"{self.name}{i}", columns, ("t",)) if kind else Json(self)
                   for i in range(2)]
        if self.rng.random() < 0.5:
            self.format = Framed(self.rng, formats if kind else formats[:1])
        else:
            self.format = formats[0]

    # ---- events ----

    def maybe(self, value):
        return None if self.rng.random() < 1 / 6 else value

    def value(self, column, time_us, kind=None):
        rng, project = self.rng, self.project
        kind = self.columns[column] if kind is None else kind
        if kind.startswith("LIST<"):
            items = [self.value(column, time_us, kind[5:-1]) for _ in range(rng.choice((0, 1, 2, 2, 5)))]
            return items if self.lists_are_whole else [self.maybe(item) for item in items]
        if column == "k":
            return rng.randrange(project.key_count) - 1
        if column == "name":
            return rng.choice(NAMES[:1 + project.key_count])
        if kind in ("STRING", "BYTES"):
            return rng.choice(TEXTS)
        if kind == "DOUBLE":
            return project.number()
        if kind == "FLOAT":
            return as_float(project.number())
        if kind == "BOOL":
            return rng.random() < 0.5
        if kind == "TIMESTAMP":
            # As a key it comes again.
            return clamp(project.origin_us - rng.randrange(4) if column in project.keys else
                         time_us - rng.randrange(10))
        return project.integer() if column in ("y", "li") else rng.randint(-2**31, 2**31 - 1)

    def identity(self, number):
        return self.id_base + number if self.id_kind == "INT64" else f"é{number}"

    def make_event(self, number, time_us, due_us):
        rng = self.rng
        time_us = clamp(time_us)
        step_us = UNIT_STEPS_US[self.time_unit or "us"]
        time_us = -(-time_us // step_us) * step_us if time_us < 0 else time_us // step_us * step_us
        values = {column: self.value(column, time_us) for column in self.columns}
        values = {column: value if column == "name" or self.lists_are_whole and column in LISTS
                  else self.maybe(value) for column, value in values.items()}
        if self.has_created:
            values["c"] = self.maybe(clamp(time_us + self.project.unit_us * rng.randint(-1, 12)))
        if self.has_id:
            if self.project.is_kept_whole and rng.random() < 0.1 and number:
                number = rng.randrange(number)
            values["id"] = self.maybe(self.identity(number))
        event = Event(self, time_us, values, due_us)
        if self.time_unit is None:
            event.time = time_us
        elif self.time_unit == "ns":
            event.time = time_us * 1_000 + rng.randrange(1_000)
        else:
            event.time = time_us // step_us
        return event

    def add(self, event, number):
        """Puts an event into its partition: those with one id into the same one."""
        identity = (event.values or {}).get("id")
        if identity is not None:
            number = int(identity[1:]) if self.id_kind == "STRING" else identity - self.id_base
        self.partitions[number * 7 % 11 % len(self.partitions)].append(event)

    # ---- files ----

    def definition(self):
        source = {"kind": "source", "name": self.name,
                  "batch": {"type": "file", "path": f"batch/{self.name}/*.jsonl"},
                  "stream": {**self.stream_keys(), "batch_rows": self.batch_rows},
                  "timestamp": {"column": "t"}, "columns": self.all_columns}
        if self.time_unit:
            source["timestamp"]["unit"] = self.time_unit
        if self.has_id:
            source["id"] = "id"
        if self.has_created:
            source["created"] = {"column": "c", "unit": "us"}
        if self.nan_is_null:
            source["nan"] = None
        return source

    def stream_keys(self):
        if self.medium == "file":
            return {"type": "file", "path": f"stream/{self.name}/*.jsonl"}
        return {**self.medium.stream_keys(self.name, len(self.partitions)), **self.format.keys}

    def row(self, event, is_whole):
        """An event as JSON; not-a-number and infinities are texts there. Nulls may be left out, unless
        it shall be whole: a table has the columns that its file names."""
        def written(kind, item):
            if isinstance(item, list):
                return [written(kind[5:-1], one) for one in item]
            if isinstance(item, float) and not math.isfinite(item):
                return "NaN" if math.isnan(item) else "Infinity" if item > 0 else "-Infinity"
            return moment(item) if kind == "TIMESTAMP" and item is not None else item
        values = {**event.values, "t": event.time}
        items = [(name, written(self.all_columns[name], item)) for name, item in values.items()]
        if not is_whole and self.rng.random() < 0.3:
            self.rng.shuffle(items)
            items = [item for item in items if item[1] is not None or self.rng.random() < 0.5]
        return json.dumps(dict(items), ensure_ascii=self.rng.random() < 0.5)

    def is_plain(self):
        """Whether its messages are the texts of rows."""
        return self.format is None or isinstance(self.format, Json)

    def spoiled(self, event):
        row = json.loads(self.row(event, True))
        # The one column that every view reads.
        return json.dumps({**row, "t": "many", "was": row["t"]}).encode()

    @staticmethod
    def corrected(message):
        row = json.loads(message)
        return json.dumps({**row, "t": row["was"]}) if row.get("t") == "many" else message

    def message(self, event):
        """As the stream carries it, without the end of a line."""
        if event.values is None:
            return self.rng.choice(POISON)
        if event.is_spoiled:
            return self.spoiled(event)
        if self.medium == "file":
            return self.row(event, False).encode()
        return self.format.encode({**event.values, "t": event.time, "event": event})


class Json:
    """Messages of objects."""

    def __init__(self, source):
        self.source, self.files, self.keys = source, {}, {"format": "json"}

    def encode(self, values):
        return self.source.row(values["event"], False).encode()

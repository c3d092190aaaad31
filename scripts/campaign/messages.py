"""Events as messages of Avro and Protobuf, by writers of our own beside those that rtml reads with.

A format has `files` (schema files by name), `keys` (of a stream that reads it) and encode(values),
values being a mapping of columns to Python values of their types; times are microseconds.
"""

import json
import struct

AVRO = {"BOOL": "boolean", "INT32": "int", "INT64": "long", "FLOAT": "float", "DOUBLE": "double",
        "STRING": "string", "BYTES": "bytes", "TIMESTAMP": {"type": "long", "logicalType": "timestamp-micros"}}
PROTOBUF = {"BOOL": ("bool",), "INT32": ("int32", "sint32", "sfixed32"),
            "INT64": ("int64", "sint64", "sfixed64"), "FLOAT": ("float",), "DOUBLE": ("double",),
            "STRING": ("string",), "BYTES": ("bytes",), "TIMESTAMP": ("google.protobuf.Timestamp",)}


def varint(value):
    """An integer of 64 bits, negative ones in two's complement."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value):
    return varint(value << 1 ^ value >> 63)


def confluent(number, message, indexes=b""):
    """What serializers of a schema registry write before a message."""
    return b"\0" + struct.pack(">I", number) + indexes + message


class Avro:
    """A record with the columns in an order of its own and a field that nobody wants. The columns
    `required` are never null."""

    def __init__(self, rng, name, columns, required):
        self.rng, self.name = rng, name
        self.fields = [(column, kind, None if column in required else rng.choice((0, 1)))
                       for column, kind in columns.items()]
        rng.shuffle(self.fields)
        self.passed_over = rng.randrange(len(self.fields) + 1)
        self.files = {f"{name}.avsc": json.dumps(self.schema())}
        self.keys = {"format": "avro", "schema": f"{name}.avsc"}

    def schema(self):
        fields = []
        for column, kind, null_at in self.fields:
            written = AVRO[kind] if kind in AVRO else {"type": "array",
                                                       "items": ["null", AVRO[kind[5:-1]]]}
            if null_at is not None:
                written = ["null", written] if null_at == 0 else [written, "null"]
            fields.append({"name": column, "type": written})
        fields.insert(self.passed_over,
                      {"name": "passed_over", "type": {"type": "array", "items": "string"}})
        return {"type": "record", "name": self.name, "fields": fields}

    def encode(self, values):
        parts = []
        for column, kind, null_at in self.fields:
            value = values[column]
            if null_at is None:
                parts.append(self.item(kind, value))
            else:
                parts.append(zigzag(null_at) if value is None
                             else zigzag(1 - null_at) + self.item(kind, value))
        count = self.rng.randrange(3)
        parts.insert(self.passed_over, zigzag(count) * (count > 0) + b"\6abc" * count + b"\0")
        return b"".join(parts)

    @staticmethod
    def item(kind, value):
        if isinstance(value, list):
            items = [b"\0" if item is None else b"\2" + Avro.item(kind[5:-1], item)
                     for item in value]
            return (zigzag(len(items)) + b"".join(items) if items else b"") + b"\0"
        if kind == "BOOL":
            return b"\1" if value else b"\0"
        if kind in ("FLOAT", "DOUBLE"):
            return struct.pack("<f" if kind == "FLOAT" else "<d", value)
        if kind in ("STRING", "BYTES"):
            return zigzag(len(value.encode())) + value.encode()
        return zigzag(value)


class Protobuf:
    """A message whose fields have numbers of their own; what is absent is null, but for the columns
    `required`, of which it is zero."""

    def __init__(self, rng, name, columns, required):
        self.rng, self.required = rng, required
        numbers = rng.sample((*range(1, 60), 15_000, 536_870_911), len(columns))
        self.fields = [(column, kind, rng.choice(PROTOBUF[kind.removeprefix("LIST<").rstrip(">")]),
                        number) for (column, kind), number in zip(columns.items(), numbers)]
        lines = [f"  {self.label(column, kind, written)}{written} {column} = {number};\n"
                 for column, kind, written, number in self.fields]
        self.files = {f"{name}.proto": 'syntax = "proto3";\npackage campaign;\n'
                      'import "google/protobuf/timestamp.proto";\n'
                      f"message Event {{\n{''.join(lines)}}}\n"}
        self.keys = {"format": "protobuf", "schema": f"{name}.proto", "message": "campaign.Event"}

    def label(self, column, kind, written):
        if kind.startswith("LIST<"):
            return "repeated "
        return "" if column in self.required or written[0] == "g" else "optional "

    def encode(self, values):
        parts = [self.repeated(number, written, values[column]) if kind.startswith("LIST<") else
                 self.field(number, written, values[column])
                 for column, kind, written, number in self.fields
                 if values[column] is not None and not (
                     column in self.required and written[0] != "g" and values[column] == 0 and
                     self.rng.random() < 0.5)]
        if self.rng.random() < 0.3:
            parts.append(varint(100 << 3 | 2) + b"\3abc")
        self.rng.shuffle(parts)
        return b"".join(parts)

    def repeated(self, number, written, items):
        """Numbers packed or one by one, as readers must take either."""
        fields = [self.field(number, written, item) for item in items]
        if written in ("string", "bytes") or written[0] == "g" or not items or self.rng.random() < 0.3:
            return b"".join(fields)
        tag = len(varint(number << 3))
        content = b"".join(field[tag:] for field in fields)
        return varint(number << 3 | 2) + varint(len(content)) + content

    @staticmethod
    def field(number, written, value):
        if written in ("float", "sfixed32"):
            return varint(number << 3 | 5) + struct.pack("<f" if written == "float" else "<i", value)
        if written in ("double", "sfixed64"):
            return varint(number << 3 | 1) + struct.pack("<d" if written == "double" else "<q", value)
        if written in ("sint32", "sint64"):
            return varint(number << 3) + zigzag(value)
        if written in ("bool", "int32", "int64"):
            return varint(number << 3) + varint(int(value))
        content = value.encode() if written in ("string", "bytes") else timestamp(value)
        return varint(number << 3 | 2) + varint(len(content)) + content


def timestamp(time_us):
    """A google.protobuf.Timestamp."""
    seconds, nanos = time_us // 1_000_000, time_us % 1_000_000 * 1_000
    return ((b"\x08" + varint(seconds) if seconds else b"") +
            (b"\x10" + varint(nanos) if nanos else b""))


class Framed:
    """Messages of several schemas, each with the number of its own in front."""

    def __init__(self, rng, formats):
        self.rng, self.formats = rng, formats
        self.numbers = rng.sample(range(1, 1 << 31), len(formats))
        self.files = {name: text for one in formats for name, text in one.files.items()}
        self.keys = {**formats[0].keys, "framing": "confluent"}
        if "schema" in self.keys and (len(formats) > 1 or rng.random() < 0.5):
            self.keys["schema"] = {str(number): one.keys["schema"]
                                   for number, one in zip(self.numbers, formats)}

    def encode(self, values):
        i = self.rng.randrange(len(self.formats))
        # The first message type of its file, which is written as no indexes.
        indexes = b"\0" if self.keys["format"] == "protobuf" else b""
        return confluent(self.numbers[i], self.formats[i].encode(values), indexes)

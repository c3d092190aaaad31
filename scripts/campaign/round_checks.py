"""One round of scripts/campaign/differential: a project is streamed, filled, materialized, and every
way to its values compared."""

import json
import shutil
import signal
import time

from compared import Failure, Program, bits
from random_source import MAX_US, MIN_US, RandomSource, clamp, from_moment, moment

DAY_US = 86_400_000_000
# Lengths of intervals: they divide a day or are whole days.
LENGTHS_US = {"1m": 6 * 10**7, "10m": 6 * 10**8, "1h": 36 * 10**8, "6h": 216 * 10**8, "1d": DAY_US,
              "2d": 2 * DAY_US, "7d": 7 * DAY_US, "30d": 30 * DAY_US}


class Round(Program):
    def __init__(self, binary, directory, rng, project, is_large):
        super().__init__(binary, directory)
        self.rng, self.project, self.is_large = rng, project, is_large
        self.project.write(directory)
        self.batches = {}
        self.cutover_us = None
        self.kills = 0
        self.changed_intervals = 0
        self.has_replayed = False

    def seen(self):
        """What the round had, for the tally."""
        yield f"{len(self.project.sources)} sources"
        for source in self.project.sources:
            if source.format:
                yield f"{source.format.keys['format']} by {source.stream_keys()['type']}"
        if self.project.store:
            yield "the store in Redis"
        if self.has_replayed:
            yield "replayed events"
        if self.project.is_wide:
            yield "events of all years"
        if self.changed_intervals:
            yield "intervals that changed"

    def features_of(self, row):
        return [bits(row[name], kind) for name, kind in self.project.features]

    # ---- the stream ----

    def stream_words(self):
        has_end = all(source.stream_keys()["type"] != "kafka" for source in self.project.sources)
        return ("stream", "run", "v") + (() if has_end else ("--once",))

    def run_stream(self):
        """Reads what the streams hold, killed and stopped on the way."""
        for _ in range(self.rng.choice((0, 0, 1, 4))):
            process = self.start(*self.stream_words())
            time.sleep(self.rng.uniform(0, 0.05))
            process.send_signal(self.rng.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM)))
            errors = process.communicate(timeout=60)[1]
            if process.returncode not in (0, -signal.SIGKILL, -signal.SIGTERM):
                raise Failure(f"stream run ended with {process.returncode}: {errors.decode()}")
            self.kills += process.returncode != 0
        self.call(*self.stream_words())

    def fill(self):
        times = [event.time_us for source in self.project.sources
                 for event in self.project.batch_events(source)]
        if not times:
            return
        cutover_us = clamp(self.rng.choice((self.rng.choice(times), max(times))) +
                           self.rng.choice((-1, 0, 1)))
        status, text = self.call("feature", "materialize", "v", "--online", "--to",
                                 moment(cutover_us), statuses=(0, 2))
        if status == 0:
            self.cutover_us = cutover_us
            return
        # Streams may have folded events of behind it, or passed over what an earlier fill had.
        oldest_us = self.oldest_us()
        has_folded = ("has folded events up to" in text and oldest_us is not None and
                      cutover_us < oldest_us)
        goes_back = "is filled up to" in text and self.cutover_us and cutover_us < self.cutover_us
        if not has_folded and not goes_back:
            raise Failure(f"the fill up to {moment(cutover_us)} was refused: {text}")

    def stream(self):
        project = self.project
        stages = self.rng.randint(1, 3)
        fills = self.rng.choice((0, 0, 0, 1, 2)) if not project.may_be_late else 0
        fill_at = [self.rng.randrange(stages) for _ in range(fills)]
        streams = [(source, i, [source.message(event) for event in events])
                   for source in project.sources for i, events in enumerate(source.partitions)]
        for source in project.sources:
            if source.medium != "file":
                source.medium.create(source.name, len(source.partitions))
        done = [0] * len(streams)
        for stage in range(stages):
            for _ in range(fill_at.count(stage)):
                self.fill()
            for number, (source, partition, messages) in enumerate(streams):
                share = len(messages) * (stage + 1) // stages
                share = max(share - self.rng.randrange(20), 0) if stage + 1 < stages else share
                share = max(share, done[number])
                self.put(source, partition, messages[done[number]:share])
                done[number] = share
            self.run_stream()

    def put(self, source, partition, messages):
        if source.medium != "file":
            if messages:
                source.medium.add(source.name, partition, messages)
            return
        with open(self.directory / f"stream/{source.name}/{partition}.jsonl", "ab") as out:
            out.write(b"".join(message + b"\n" for message in messages))

    def write_batch(self, source, events):
        """The events in their order, in some files."""
        folder = self.directory / "batch" / source.name
        shutil.rmtree(folder)
        folder.mkdir()
        size = -(-len(events) // self.rng.randint(1, 3))
        for i, first in enumerate(range(0, len(events), size)):
            lines = [source.row(event, True) + "\n" for event in events[first:first + size]]
            (folder / f"{i}.jsonl").write_text("".join(lines), encoding="utf-8")

    def replay(self):
        """Corrects the messages that were spoiled and applies them, killed and repeated on the way."""
        letters = self.directory / ".rtml/dead_letters/v.jsonl"
        if not any(event.is_spoiled for events in self.project.partitions for event in events):
            return
        # What a killed run left of a line was written once more.
        lines = []
        for line in letters.read_text(encoding="utf-8").split("\n"):
            try:
                letter = json.loads(line)
            except ValueError:
                continue
            if letter["reason"] == "invalid" and "message" in letter and '"was"' in letter["message"]:
                letter["message"] = RandomSource.corrected(letter["message"])
                lines.append(json.dumps(letter) + "\n")
        self.rng.shuffle(lines)
        (self.directory / "corrected.jsonl").write_text("".join(lines))
        words = ("data", "replay", "--dead-letters", "corrected.jsonl")
        for _ in range(self.rng.choice((0, 1, 2))):
            process = self.start(*words)
            time.sleep(self.rng.uniform(0, 0.04))
            process.kill()
            process.communicate(timeout=60)
            self.kills += process.returncode != 0
        self.call(*words)
        again = self.answer(*words)
        if again["applied"] != "0" or again["duplicates"] != "0":
            raise Failure(f"the second replay applied something: {again}")
        self.has_replayed = True

    # ---- comparing ----

    def check_status(self):
        status = self.answer("stream", "status", "v")
        by_name = {source.name for source in self.project.sources if source.medium == "file"}
        found = {(part["source"], part["partition_name"].partition(".")[0]
                  if part["source"] in by_name else part["partition"]): part
                 for part in status["parts"]}
        expected = {(source.name, str(i)): events for source in self.project.sources
                    for i, events in enumerate(source.partitions)}
        if found.keys() != expected.keys() and not set(expected) - set(found) <= {
                name for name, events in expected.items() if not events}:
            raise Failure(f"parts {sorted(found)}, not {sorted(expected)}")
        for name, part in found.items():
            applied, late, keyless, dead, latest_us = self.project.sort(expected[name])
            counted = [int(part[what]) for what in ("late", "dead_letters")]
            if counted != [len(late), len(keyless) + dead]:
                raise Failure(f"late and dead letters of {name}: {counted}, not "
                              f"{[len(late), len(keyless) + dead]}")
            taken = sum(int(part[what]) for what in ("events", "duplicates", "before_cutover"))
            if taken != len(applied):
                raise Failure(f"{taken} events of {name}, not {len(applied)}")
            # A Redis Stream's is known from the first commit after its end was reached.
            if part["lag"] != "0" and (part["lag"] is not None or name[0] in by_name):
                raise Failure(f"lag of {name}: {part['lag']}")
            # Before the year 1 there is no time to be shown.
            has_watermark = latest_us is not None and latest_us - self.project.delay_us >= MIN_US
            if has_watermark != (part["watermark"] is not None):
                raise Failure(f"watermark of {name}: {part['watermark']}, latest {latest_us}")

    def check_materialized(self):
        self.call("feature", "materialize", "v", "-o", "one.jsonl", cpus="0")
        self.call("feature", "materialize", "v", "-o", "two.jsonl")
        limited = self.answer("feature", "materialize", "v", "-o", "limited.jsonl", "--memory-limit",
                              "64MiB")
        if self.is_large and limited["effort"]["bytes_spilled"] == "0":
            raise Failure("the memory limit moved nothing into files")
        for other in ("two", "limited"):
            if not self.is_same("one.jsonl", f"{other}.jsonl"):
                raise Failure(f"{other}.jsonl is not one.jsonl")
        built = self.answer("dataset", "build", "--entities", "one.jsonl", "--features", "v",
                            "--full-feature-names", "-o", "built.jsonl")
        for number, row in enumerate(self.rows("built.jsonl")):
            found = [bits(row[f"v__{name}"], kind) for name, kind in self.project.features]
            if found != self.features_of(row):
                raise Failure(f"row {number} of dataset build: {row}")
        if self.is_large or self.rng.random() < 0.3:
            self.call("dataset", "build", "--from-manifest", built["dataset"], "--entities",
                      "one.jsonl", "-o", "again.jsonl", "--memory-limit", "64MiB")
            if not self.is_same("built.jsonl", "again.jsonl"):
                raise Failure("again.jsonl, from the manifest, is not built.jsonl")

    def check_range(self):
        """Rows of a part of the time are those of the whole."""
        lines = (self.directory / "one.jsonl").read_text().split("\n")[:-1]
        times = [from_moment(json.loads(line)["event_timestamp"]) for line in lines]
        if not times:
            return
        first, last = sorted(clamp(self.rng.choice(times) + self.rng.choice((-1, 0, 0, 1)))
                             for _ in range(2))
        if first == last:
            return
        self.call("feature", "materialize", "v", "--from", moment(first), "--to", moment(last),
                  "-o", "range.jsonl", cpus=self.rng.choice((None, "0")))
        found = (self.directory / "range.jsonl").read_text().split("\n")[:-1]
        if found != [line for line, at in zip(lines, times) if first <= at < last]:
            raise Failure(f"rows from {moment(first)} to {moment(last)}")

    def entities(self):
        keys = {event.key(self.project.keys) for events in self.project.partitions
                for event in events if event.values is not None}
        known = sorted((key for key in keys if key is not None), key=repr)
        if not self.project.keys:
            return [()]
        unknown = {"k": 99, "name": "nobody", "flag": True, "moment": "1970-01-01T00:00:00.5Z"}
        self.rng.shuffle(known)
        return known[:20] + [tuple(unknown[key] for key in self.project.keys)]

    def moments_us(self):
        times = [event.time_us for events in self.project.partitions for event in events
                 if event.values is not None and not event.is_future]
        if not times:
            return [0]
        unit = self.project.unit_us
        chosen = [self.rng.choice(times) + self.rng.choice((-1, 0, 0, 1, unit)) for _ in range(3)]
        chosen += [max(times), max(times) + self.rng.randrange(30 * unit)]
        return [clamp(at) for at in chosen]

    def oldest_us(self):
        """The earliest moment that can be read."""
        latest = [self.project.sort(events)[4] for events in self.project.partitions]
        oldest = [at - self.project.delay_us for at in latest if at is not None]
        oldest += [self.cutover_us] if self.cutover_us is not None else []
        return max(oldest) - self.project.history_us if oldest else None

    def has_parts(self):
        """Whether an entity's state may lie in several."""
        return len(self.project.partitions) > 1 or self.has_replayed

    def entity_words(self, entity):
        for key, value in zip(self.project.keys, entity):
            yield "--entity"
            yield f"{key}={json.dumps(value) if isinstance(value, bool) else value}"

    def check_online(self):
        keys, entities, times_us = self.project.keys, self.entities(), self.moments_us()
        wanted = [{**dict(zip(keys, entity)), "event_timestamp": moment(at)}
                  for at in times_us for entity in entities]
        (self.directory / "wanted.jsonl").write_text(
            "".join(json.dumps(row) + "\n" for row in wanted))
        self.call("dataset", "build", "--entities", "wanted.jsonl", "--features", "v",
                  "-o", "expected.jsonl")
        expected = [self.features_of(row) for row in self.rows("expected.jsonl")]
        words = [word for entity in entities for word in self.entity_words(entity)]
        oldest_us = self.oldest_us()
        may_not_know = self.project.has_sessions and self.has_parts()
        for number, at in enumerate(times_us):
            status, text = self.call("feature", "get", "v", *words, "--at", moment(at), "--output",
                                     "json", statuses=(0, 1))
            is_before = oldest_us is not None and at < oldest_us
            if status != 0:
                if "RT0406" not in text or not (is_before or may_not_know):
                    raise Failure(f"feature get --at {moment(at)}: {text}")
                continue
            if is_before:
                raise Failure(f"a read at {moment(at)}, before {moment(oldest_us)}, was answered")
            results = json.loads(text, parse_float=str, parse_int=str)["results"]
            for i, entity in enumerate(entities):
                found = [bits(value["value"], kind) for value, (_, kind) in
                         zip(results[i]["features"], self.project.features)]
                if found != expected[number * len(entities) + i]:
                    raise Failure(f"online {entity} at {moment(at)}: {found}, expected "
                                  f"{expected[number * len(entities) + i]}")

    def check_request_event(self):
        """A read that brings an event of its own says what a training set would if it were there."""
        project, oldest_us = self.project, self.oldest_us()
        source = self.rng.choice(project.sources)
        at = source.make_event(10**5, self.rng.choice(self.moments_us()), 0)
        at_us = clamp(at.time_us + self.rng.choice((0, 0, 0, project.unit_us)))
        entity = self.rng.choice(self.entities())
        at.values.update((key, from_moment(value) if key == "moment" else value)
                         for key, value in zip(project.keys, entity))
        if source.has_id and at.values["id"] is None:
            at.values["id"] = source.identity(10**5)
        if oldest_us is not None and min(at_us, at.time_us) < oldest_us:
            return
        event = json.loads(source.row(at, True))
        if len(project.sources) > 1:
            event["event_source"] = source.name
        if at.time_us == at_us and source.has_id and self.rng.random() < 0.5:
            del event["t"]
        status, text = self.call("feature", "get", "v", *self.entity_words(entity), "--at",
                                 moment(at_us), "--event",
                                 json.dumps(event), "--output", "json", statuses=(0, 1))
        if status != 0:
            if "RT0406" in text and project.has_sessions and self.has_parts():
                return
            raise Failure(f"feature get --event {json.dumps(event)}: {text}")
        result = json.loads(text, parse_float=str, parse_int=str)["results"][0]
        found = [bits(value["value"], kind) for value, (_, kind) in
                 zip(result["features"], project.features)]
        extra = self.directory / f"batch/{source.name}/extra.jsonl"
        extra.write_text(source.row(at, True) + "\n", encoding="utf-8")
        (self.directory / "asked.jsonl").write_text(json.dumps(
            {**dict(zip(project.keys, entity)), "event_timestamp": moment(at_us)}) + "\n")
        self.call("dataset", "build", "--entities", "asked.jsonl", "--features", "v", "-o",
                  "answer.jsonl")
        extra.unlink()
        expected = self.features_of(self.rows("answer.jsonl")[0])
        if found != expected:
            raise Failure(f"{entity} at {moment(at_us)} with the event {json.dumps(event)}: {found}, "
                          f"expected {expected}")

    def check_verify(self):
        status, text = self.call("feature", "verify", "v", "--file", "one.jsonl", "--online",
                                 "--sample", "200", "--output", "json", statuses=(0, 1))
        # Nothing to compare: no event with a key, a partition without any event, a session of which
        # the parts alone cannot tell the beginning.
        if status == 1 and "cannot verify" not in text and "RT0406" not in text:
            raise Failure(f"feature verify: {text}")

    # ---- schedules ----

    def known_events(self):
        """The times of each entity's events, without repeated ones."""
        known, by_id = {}, {}
        for source in self.project.sources:
            for event in self.project.batch_events(source):
                key = event.key(self.project.keys)
                if key is None:
                    continue
                known.setdefault(key, []).append(event)
                identity = event.values.get("id")
                if identity is not None:
                    by_id.setdefault((source.name, key, identity), []).append(event)
        order = (lambda event: (event.time_us, event.created_us is not None, event.created_us or 0))
        dropped = {id(event) for events in by_id.values() for event in sorted(events, key=order)[1:]}
        return {key: [event for event in events if id(event) not in dropped]
                for key, events in known.items()}

    def is_known(self, events, at_us):
        latest = [event.time_us for event in events if event.time_us <= at_us and not (
            self.project.is_as_of_created and (event.created_us is None or event.created_us > at_us))]
        return bool(latest) and (not self.project.ttl_us or max(latest) >= at_us - self.project.ttl_us)

    @staticmethod
    def key_of(value, name):
        """In the order of its type."""
        return int(value) if name == "k" else from_moment(value) if name == "moment" else value

    def check_schedule(self):
        """A row for each entity that is known at each multiple of the period, whose features are
        those of a training set."""
        project, entities = self.project, self.known_events()
        # Events without a key are of no entity, but of the time that the source speaks of.
        times = [event.time_us for events in self.batches.values() for event in events]
        period_us = max(1, project.unit_us * self.rng.randint(1, 9) // self.rng.choice((1, 1, 2)))
        period_us = max(period_us, (max(times) - min(times)) // 60)
        first, last = -(-min(times) // period_us), -(-max(times) // period_us)
        if first * period_us < MIN_US or last * period_us > MAX_US:
            return
        self.call("feature", "materialize", "v", "--every", f"{period_us}us", "-o", "every.jsonl",
                  cpus=self.rng.choice((None, "0")))
        moments = [i * period_us for i in range(first, last + 1)]
        expected = sorted((at, tuple(map(self.key_of, key, project.keys))) for at in moments
                          for key, events in entities.items() if self.is_known(events, at))
        found = [(from_moment(row["event_timestamp"]), tuple(self.key_of(row[key], key)
                                                             for key in project.keys))
                 for row in self.rows("every.jsonl")]
        if found != expected:
            wrong = sorted(set(found) ^ set(expected))[:3]
            raise Failure(f"--every {period_us}us: {len(found)} rows, not {len(expected)}: {wrong}")
        if not found:
            return
        self.call("dataset", "build", "--entities", "every.jsonl", "--features", "v",
                  "--full-feature-names", "-o", "every_built.jsonl")
        for row in self.rows("every_built.jsonl"):
            if [bits(row[f"v__{name}"], kind) for name, kind in project.features] != \
                    self.features_of(row):
                raise Failure(f"--every {period_us}us, row {row}")
        self.call("feature", "materialize", "v", "--every", f"{period_us}us", "--memory-limit",
                  "64MiB", "-o", "every_limited.jsonl")
        if not self.is_same("every.jsonl", "every_limited.jsonl"):
            raise Failure("every_limited.jsonl is not every.jsonl")

    # ---- intervals ----

    def check_intervals(self):
        """What a directory of intervals becomes with --refresh is what a new one is, and verify names
        the intervals that are otherwise."""
        project = self.project
        batches = self.batches
        times = [event.time_us for events in batches.values() for event in events
                 if event.key(project.keys) is not None]
        if project.is_future or not times:
            return
        spread_us = max(times) - min(times)
        length = next((name for name, us in LENGTHS_US.items() if us * 6 > spread_us), "30d")
        if min(times) // LENGTHS_US[length] * LENGTHS_US[length] < MIN_US:
            return
        words = ("feature", "materialize", "v", "--interval", length)
        self.call(*words, "-o", "intervals", cpus=self.rng.choice((None, "0")))
        self.check_interval_rows()
        for source, events in batches.items():
            self.write_batch(source, self.changed(source, events))
        listed = self.answer("feature", "verify", "v", "--intervals", "intervals", statuses=(0, 3))
        self.call(*words, "-o", "fresh", cpus=self.rng.choice((None, "0")))
        before, fresh = self.manifest("intervals"), self.manifest("fresh")
        differing = {at for at in before if before[at] != fresh.get(at)}
        named = {entry["from"] for entry in listed["differences"]}
        # Where the events of an interval are gone, there is none anew.
        if {at for at in differing if at in fresh} - named:
            raise Failure(f"verify --intervals names {sorted(named)}, not {sorted(differing)}")
        if named - differing:
            raise Failure(f"verify --intervals names {sorted(named)}, of {sorted(differing)}")
        self.changed_intervals += len(named)
        self.call(*words, "-o", "intervals", "--refresh", "--memory-limit", "64MiB", cpus=self.rng.choice((None, "0")))
        refreshed = self.manifest("intervals")
        for at, entry in fresh.items():
            name = json.loads(entry)["file"]
            if refreshed.get(at) != entry:
                raise Failure(f"refreshed interval {refreshed.get(at)}, not {entry}")
            if not self.is_same(f"intervals/{name}", f"fresh/{name}"):
                raise Failure(f"intervals/{name} is not fresh/{name}")

    def manifest(self, name):
        document = json.loads((self.directory / name / "manifest.json").read_text())
        return {entry["from"]: json.dumps(entry, sort_keys=True) for entry in document["intervals"]}

    def check_interval_rows(self):
        lines = (self.directory / "one.jsonl").read_text().split("\n")[:-1]
        expected = [json.loads(line) for line in lines]
        count = 0
        document = json.loads((self.directory / "intervals/manifest.json").read_text())
        for entry in document["intervals"]:
            first, last = from_moment(entry["from"]), from_moment(entry["to"])
            count += entry["rows"]
            rows = [row for row in expected if first <= from_moment(row["event_timestamp"]) < last]
            if entry["rows"] != len(rows):
                raise Failure(f"an interval of {len(rows)} rows: {entry}")
        if count != len(expected):
            raise Failure(f"{count} rows in intervals, not {len(expected)}")

    def changed(self, source, events):
        """The events with some corrected, some gone, and some that came late."""
        rng = self.rng
        events = list(events)
        ids = [event.values.get("id") for event in events]
        for _ in range(rng.choice((0, 1, 1, 3))):
            i = rng.randrange(len(events))
            # Which of two equal events is there moves a row, and is no other input.
            identity = events[i].values.get("id")
            if len(events) < 2 or identity is not None and ids.count(identity) > 1:
                continue
            what = rng.randrange(3)
            if what == 0:
                del events[i]
            else:
                at = events[i]
                event = source.make_event(10**5 + rng.randrange(10**5), at.time_us, 0)
                if what == 1:
                    event.values = {**at.values, rng.choice(list(source.columns)): None}
                    event.values["name"] = at.values["name"]
                    event.time = at.time
                    events[i] = event
                else:
                    events.insert(i, event)
        return events

    def check(self):
        # In an order of their own.
        self.batches = {source: self.project.batch_events(source) for source in self.project.sources}
        for source, events in self.batches.items():
            self.rng.shuffle(events)
            self.write_batch(source, events)
        self.stream()
        self.check_status()
        self.replay()
        self.check_materialized()
        self.check_range()
        self.check_online()
        if not self.is_large:
            for _ in range(3):
                self.check_request_event()
        self.check_verify()
        if self.rng.random() < 0.5:
            self.check_schedule()
        if self.rng.random() < 0.4:
            self.check_intervals()

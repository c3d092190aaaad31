#!/usr/bin/env python3
"""Makes electricity.csv of the Elec2 stream: adds the time that its rows lost.

Usage: make_electricity.py ELEC2_CSV OUTPUT_CSV

ELEC2_CSV is `data/electricity.csv` of the CapyMOA project. Its rows are the
contiguous half-hours from 1996-05-07 00:00 in New South Wales standard time
(+10:00 all the year); `period`, the half-hour of the day scaled to 0..1, checks that.
"""

import csv
import datetime
import hashlib
import sys

INPUT_SHA256 = "b96c120acb05078af777ec49113a682200a38f4ea93944af27b813c282184b79"
FIRST = datetime.datetime(1996, 5, 7, tzinfo=datetime.timezone(datetime.timedelta(hours=10)))
HALF_HOUR = datetime.timedelta(minutes=30)
HALF_HOURS_PER_DAY = 48


def main(input_path: str, output_path: str) -> None:
    with open(input_path, "rb") as source:
        found = hashlib.sha256(source.read()).hexdigest()
    if found != INPUT_SHA256:
        sys.exit(f"not the expected file (sha256 {found}): {input_path}")

    with open(input_path, newline="") as source, open(output_path, "w", newline="") as target:
        rows = csv.DictReader(source)
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(["event_timestamp", *rows.fieldnames])
        for index, row in enumerate(rows):
            expected = index % HALF_HOURS_PER_DAY / (HALF_HOURS_PER_DAY - 1)
            if abs(float(row["period"]) - expected) > 1e-6:
                sys.exit(f"row {index + 1} is not the half-hour it should be: {row['period']}")
            writer.writerow([(FIRST + index * HALF_HOUR).isoformat(), *row.values()])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

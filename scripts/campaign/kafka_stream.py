"""Card payments by way of a Kafka, for campaigns that disturb it."""

import json

from payments import Stream, payment, write_project

PARTITIONS = 4


def write_messages(path, events, rng):
    """Writes what is produced; returns the messages."""
    messages = []
    with open(path, "w", errors="surrogateescape", encoding="utf-8") as out:
        for number in range(events):
            for line in payment(number, rng):
                messages.append(line)
                out.write(f"{number % PARTITIONS}\t{line}\n")
    return messages


def stream_on(binary, directory, broker, group, more="", store=None):
    options = json.dumps({"type": "kafka", "brokers": broker.address, "topic": "payments",
                          "group": group, "max_message_bytes": 4096, "batch_rows": 2000})
    write_project(directory, options[:-1] + more + "}", store, "batch.jsonl")
    event = {"payment_id": 0, "paid_at": 0, "card_id": 0, "shop": "", "amount": 0.5}
    (directory / "batch.jsonl").write_text(json.dumps(event) + "\n")
    return Stream(binary, directory)

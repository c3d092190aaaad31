"""Real servers for campaigns and benchmarks, on loopback: Kafka by scripts/kafka/broker, Redis.

Where one cannot be had, the script ends with 77 and says why, which ctest shows as skipped.
"""

import shutil
import socket
import subprocess
import sys
import time

from payments import SOURCE

SKIPPED = 77


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


class Broker:
    """Ends with the `with` statement that holds it."""

    def __init__(self, directory, tool):
        self.directory, self.tool, self.address = directory, str(tool), None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.call("kill")

    def call(self, verb):
        done = subprocess.run([SOURCE / "scripts/kafka/broker", verb, self.directory], text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, check=False)
        if done.returncode == SKIPPED:
            skip(done.stderr.strip())
        if done.returncode != 0:
            sys.exit(f"FAILED: broker {verb}: {done.stderr}")
        return done.stdout.strip()

    def start(self):
        self.address = self.call("start")

    def restart(self, verb, away_s):
        """`verb`: stop or kill."""
        self.call(verb)
        time.sleep(away_s)
        self.start()

    def tool_call(self, *words, **more):
        return subprocess.run([self.tool, self.directory, *words], check=True, text=True,
                              capture_output=True, **more).stdout

    def create(self, topic, partitions):
        # A broker that has just begun to listen may not make topics yet.
        for attempt in range(50):
            try:
                return self.tool_call("create", topic, str(partitions))
            except subprocess.CalledProcessError:
                if attempt == 49:
                    raise
                time.sleep(0.2)

    def produce(self, topic, path, rate=0):
        """Starts to produce the lines "PARTITION<tab>MESSAGE" of a file."""
        with open(path, "rb") as lines:
            return subprocess.Popen([self.tool, self.directory, "produce", topic, str(rate)],
                                    stdin=lines, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for(process):
    _, errors = process.communicate(timeout=600)
    if process.returncode != 0:
        sys.exit(f"FAILED: {process.args} ended with {process.returncode}: {errors.decode()}")


class Redis:
    """Durable: what it has answered it still knows after a kill."""

    def __init__(self, directory):
        self.directory, self.process = directory, None
        if not shutil.which("redis-server"):
            skip("no Redis (Debian package redis-server)")
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = one.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"

    def __enter__(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        self.start()
        return self

    def __exit__(self, *_):
        self.stop(kills=True)

    def start(self):
        with open(self.directory / "redis.log", "a") as log:
            self.process = subprocess.Popen(
                ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--dir",
                 self.directory, "--save", "", "--appendonly", "yes", "--appendfsync", "always"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for _ in range(600):
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=0.5) as one:
                    one.sendall(b"PING\r\n")
                    # It answers with an error for as long as it reads its log.
                    if one.recv(100).startswith(b"+PONG"):
                        return
            except OSError:
                pass
            time.sleep(0.05)
        sys.exit(f"FAILED: Redis does not start, see {self.directory / 'redis.log'}")

    def stop(self, kills):
        if kills:
            self.process.kill()
        else:
            self.process.terminate()
        self.process.wait(timeout=60)

    def restart(self, verb, away_s):
        self.stop(kills=verb == "kill")
        time.sleep(away_s)
        self.start()

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


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Redis:
    """Durable, unless told otherwise: what it has answered it still knows after a kill."""

    def __init__(self, directory, is_durable=True, more=()):
        self.directory, self.process, self.is_durable = directory, None, is_durable
        self.more = more  # Arguments of the server.
        if not self.is_here():
            skip("no Redis (Debian package redis-server)")
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"

    @staticmethod
    def is_here():
        return shutil.which("redis-server") is not None

    def __enter__(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        self.start()
        return self

    def __exit__(self, *_):
        self.stop(kills=True)

    def start(self):
        durable = ["--appendonly", "yes", "--appendfsync", "always"] if self.is_durable else []
        with open(self.directory / "redis.log", "a") as log:
            self.process = subprocess.Popen(
                ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--dir",
                 self.directory, "--save", "", *durable, *self.more],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for _ in range(600):
            try:
                # It answers with an error for as long as it reads its log.
                if self.call(["PING"]) == [b"PONG"]:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        sys.exit(f"FAILED: Redis does not start, see {self.directory / 'redis.log'}")

    def call(self, *commands):
        """Sends commands, lists of words, and returns their answers: texts as bytes, integers, None.
        Fails with an OSError where the server goes away or answers one with an error."""
        request = bytearray()
        for words in commands:
            words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
            request += b"*%d\r\n" % len(words)
            request += b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(request)
            with connection.makefile("rb") as answers:
                return [self.answer(answers) for _ in commands]

    @staticmethod
    def answer(answers):
        line = answers.readline().rstrip(b"\r\n")
        if line[:1] == b"+":
            return line[1:]
        if line[:1] == b":":
            return int(line[1:])
        if line[:1] != b"$":
            raise OSError(f"the server answers {line!r}")
        size = int(line[1:])
        return answers.read(size + 2)[:size] if size >= 0 else None

    def add(self, stream, messages):
        """Adds messages to a stream, in their order; those of one call may stand there in part if it
        fails."""
        for first in range(0, len(messages), 500):
            self.call(*(["XADD", stream, "*", "data", message]
                        for message in messages[first:first + 500]))

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

    def options(self):
        """As a store of a project names it."""
        return {"type": "redis", "address": self.address}

    def forget(self):
        self.call(["FLUSHALL"])


class RedisCluster:
    """Three masters, without replicas."""

    SLOTS = ((0, 5460), (5461, 10922), (10923, 16383))

    def __init__(self, directory, is_durable=True):
        self.nodes, self.bus_ports = [], []
        for i in range(len(self.SLOTS)):
            self.bus_ports.append(free_port())
            self.nodes.append(Redis(directory / f"node{i}", is_durable, (
                "--cluster-enabled", "yes", "--cluster-port", str(self.bus_ports[i]),
                "--cluster-node-timeout", "2000", "--cluster-require-full-coverage", "no")))

    def __enter__(self):
        for node in self.nodes:
            node.__enter__()
        for i, (node, slots) in enumerate(zip(self.nodes, self.SLOTS)):
            node.call(["CLUSTER", "ADDSLOTSRANGE", *slots], ["CLUSTER", "SET-CONFIG-EPOCH", i + 1])
        for node, bus_port in list(zip(self.nodes, self.bus_ports))[1:]:
            self.nodes[0].call(["CLUSTER", "MEET", "127.0.0.1", node.port, bus_port])
        for _ in range(200):
            if all(b"cluster_state:ok" in info and b"cluster_slots_assigned:16384" in info
                   for node in self.nodes for info in node.call(["CLUSTER", "INFO"])):
                return self
            time.sleep(0.05)
        sys.exit("FAILED: the Redis Cluster does not come together")

    def __exit__(self, *_):
        for node in self.nodes:
            node.stop(kills=True)

    def options(self):
        return {"type": "redis", "addresses": [node.address for node in self.nodes], "cluster": True}

    def forget(self):
        for node in self.nodes:
            node.call(["FLUSHALL"])

"""Where the CPU time of one export goes, by part, beside what a part could cost at best.

    cargo rustc --release -p ec2ql --bin ec2ql -- -C strip=none
    python3 benches/budget.py target/release/ec2ql target/debug/xtask

It needs Linux and `perf`. The xtask program serves the listing of the bench: 100,000 image tasks, indented.
"""

import collections
import os
import socket
import subprocess
import sys
import tempfile
import time

RUNS = 3
SQL = "COPY (SELECT * FROM import_image_tasks WHERE region = 'us-east-1') TO 'out.parquet'"
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_EC2_METADATA_DISABLED": "true",
}

# The first part whose words are in a symbol's name; the C library's functions belong to whoever calls them on that
# thread.
READING = [
    ("tokenise", ["ec2ql_ec2::plain", "ec2ql_ec2::document", "ec2ql_ec2::xml", "memchr", "from_utf8", "memcmp"]),
    ("build", ["decode", "arrow", "dec2flt", "FromStr"]),
    ("copy, for build and receive", ["memmove", "memset"]),
    ("allocate", ["malloc", "free", "realloc", "unlink_chunk"]),
]
WRITING = [
    ("compress", ["ZSTD", "HUF_", "FSE_", "HIST_", "XXH"]),
    ("encode", ["parquet", "ahash", "hashbrown", "arrow", "memcmp", "memmove", "memset", "foldhash"]),
    ("allocate", ["malloc", "free", "realloc", "unlink_chunk"]),
]


def part(thread, library, symbol):
    """The part that a sample belongs to."""
    reading = thread.startswith("tokio")
    if "kernel" in library:
        return "receive: the system" if reading else "write, and the rest of the system"
    for name, words in READING if reading else WRITING:
        if any(word in symbol for word in words):
            return name
    return "receive: HTTP, and the rest" if reading else "plan, and the rest"


def profile(binary, url, folder):
    """CPU seconds of each part, of one run."""
    command = ["perf", "record", "-q", "-F", "5000", "-o", "perf.data", binary, "--endpoint-url", url, "-c", SQL]
    before = os.times()
    subprocess.run(command, cwd=folder, env=ENVIRONMENT, check=True)
    after = os.times()
    cpu_s = after.children_user - before.children_user + after.children_system - before.children_system
    command = ["perf", "report", "-i", "perf.data", "--stdio", "--no-children", "-g", "none", "--sort", "comm,dso,sym"]
    report = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    parts = collections.Counter()
    for line in report.splitlines():
        fields = line.split(None, 4)
        if len(fields) == 5 and fields[0].endswith("%"):
            percent, thread, library, _, symbol = fields
            parts[part(thread, library, symbol)] += float(percent.rstrip("%")) / 100 * cpu_s
    os.remove(os.path.join(folder, "out.parquet"))
    return parts


def receive_only(url):
    """CPU seconds to take the same bytes from the system, and do nothing with them; and the bytes."""
    host, port = url.removeprefix("http://").split(":")
    buffer = bytearray(1 << 20)
    begin = time.thread_time()
    with socket.create_connection((host, int(port))) as connection:
        for number in range(100):
            form = f"Action=DescribeImportImageTasks&NextToken=page-{number}".encode()
            connection.sendall(b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n%s" % (len(form), form))
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(1)
            left = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
            while left:
                left -= connection.recv_into(buffer, min(left, len(buffer)))
    return time.thread_time() - begin


def one_pass(size):
    """CPU seconds of looking at so many bytes once, with the C library's memchr."""
    data = b"x" * (1 << 20)
    begin = time.thread_time()
    for _ in range(size >> 20):
        data.find(b"<")
    return time.thread_time() - begin


def main():
    binary, xtask = map(os.path.abspath, sys.argv[1:])
    serve = [xtask, "bench-endpoint", "--data", "image-tasks", "--page-rows", "1000", "--pages", "100"]
    with subprocess.Popen(serve, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as endpoint:
        url, size = endpoint.stdout.readline().split()
        with tempfile.TemporaryDirectory() as folder:
            runs = [profile(binary, url, folder) for _ in range(RUNS)]
        best = receive_only(url)
        endpoint.stdin.close()
    middle = sorted(runs, key=lambda parts: parts.total())[RUNS // 2]
    total = middle.total()
    print("| part | CPU s | of the whole |\n|---|---:|---:|")
    for name, cpu_s in middle.most_common():
        print(f"| {name} | {cpu_s:.3f} | {100 * cpu_s / total:.0f} % |")
    print(f"| **all** | {total:.3f} | |")
    print(f"\nAt best: to take {int(size) // 1_000_000} MB from the system and drop them {best:.3f} s,")
    print(f"to look at each byte once {one_pass(int(size)):.3f} s.")


if __name__ == "__main__":
    main()

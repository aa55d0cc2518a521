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

# The first part whose words are in a symbol's name. Reading and writing share the threads, so what belongs to the C
# library is a part of its own.
PARTS = [
    ("compress", ["ZSTD", "HUF_", "FSE_", "HIST_", "XXH"]),
    ("tokenise", ["ec2ql_ec2::plain", "ec2ql_ec2::document", "ec2ql_ec2::xml", "ec2ql_ec2::words", "from_utf8"]),
    ("find the token", ["memchr"]),
    ("encode", ["parquet", "ahash", "foldhash", "hashbrown"]),
    ("build", ["ec2ql_engine::decode", "arrow", "dec2flt", "FromStr", "from_str"]),
    ("copy and compare", ["memmove", "memcpy", "memset", "memcmp"]),
    ("allocate", ["malloc", "free", "realloc", "unlink_chunk"]),
]
RECEIVE = ["tcp", "skb", "copy_to_iter", "recv", "softirq", "sock", "net_rx", "ip_rcv", "inet"]
MEMORY = ["fault", "clear_page", "mmap", "munmap", "folio", "vma", "anon"]


def part(library, symbol):
    """The part that a sample belongs to."""
    if "kernel" in library:
        if any(word in symbol for word in RECEIVE):
            return "receive: the system"
        return "give memory: the system" if any(word in symbol for word in MEMORY) else "the rest of the system"
    for name, words in PARTS:
        if any(word in symbol for word in words):
            return name
    return "HTTP, plan, and the rest"


def profile(binary, url, folder):
    """CPU seconds of each part: of one run without the profiler, by the shares of one with it."""
    run = [binary, "--endpoint-url", url, "-c", SQL]
    before = os.times()
    subprocess.run(run, cwd=folder, env=ENVIRONMENT, check=True)
    after = os.times()
    cpu_s = after.children_user - before.children_user + after.children_system - before.children_system
    os.remove(os.path.join(folder, "out.parquet"))
    command = ["perf", "record", "-q", "-F", "5000", "-o", "perf.data", *run]
    subprocess.run(command, cwd=folder, env=ENVIRONMENT, check=True)
    command = ["perf", "report", "-i", "perf.data", "--stdio", "--no-children", "-g", "none", "--sort", "dso,sym"]
    report = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    parts = collections.Counter()
    for line in report.splitlines():
        fields = line.split(None, 3)
        if len(fields) == 4 and fields[0].endswith("%"):
            percent, library, _, symbol = fields
            parts[part(library, symbol)] += float(percent.rstrip("%")) / 100 * cpu_s
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
        endpoint.stdout.read()
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

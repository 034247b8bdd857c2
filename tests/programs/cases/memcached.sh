# package: memcached
# set: quick
# does: two threads, six clients: set, get, append, incr, delete, eviction
# needs: memcached python3

prepare() {
    cat >clients.py <<'PY'
import hashlib, socket, sys, threading

def client(number, digests):
    s = socket.socket(socket.AF_UNIX)
    s.connect("tmp/socket")
    f = s.makefile("rwb")
    def ask(line, data=None):
        f.write(line.encode() + b"\r\n" + (data + b"\r\n" if data is not None else b""))
        f.flush()
        return f.readline()
    digest = hashlib.sha256()
    for i in range(1500):
        value = (b"%d-%d " % (number, i)) * (1 + i * 7 % 400)
        digest.update(ask(f"set k{number}-{i} 0 0 {len(value)}", value))
        digest.update(ask(f"append k{number}-{i} 0 0 3", b"end"))
        digest.update(ask(f"get k{number}-{i}"))
        digest.update(f.readline() + f.readline())
        if i % 5 == 0:
            digest.update(ask(f"delete k{number}-{i // 2}"))
    ask(f"set n{number} 0 0 1", b"0")
    for i in range(500):
        digest.update(ask(f"incr n{number} {i}"))
    digests[number] = digest.hexdigest()

digests = {}
threads = [threading.Thread(target=client, args=(n, digests)) for n in range(6)]
[t.start() for t in threads]
[t.join() for t in threads]
for number in sorted(digests):
    print(number, digests[number])
PY
}

run() {
    user=
    [ "$(id -u)" != 0 ] || user='-u root'
    serve memcached $user -t 2 -m 64 -s tmp/socket
    wait_for test -S tmp/socket
    python3 "$IN/clients.py"
    stop "$server"
}

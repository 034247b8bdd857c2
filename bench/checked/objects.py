"""Objects of many kinds, as scripts make them; with PYTHONMALLOC=malloc each is a block of the heap."""
import collections
import json
import re


class Node:
    def __init__(self, key):
        self.key, self.left, self.right = key, None, None


def insert(root, key):
    while True:
        side = "left" if key < root.key else "right"
        child = getattr(root, side)
        if child is None:
            setattr(root, side, Node(key))
            return
        root = child


def randoms(count, seed=1):
    for _ in range(count):
        seed = seed * 48271 % 2147483647
        yield seed


def sieve(limit):
    marks = bytearray([1]) * limit
    for i in range(2, int(limit ** 0.5) + 1):
        if marks[i]:
            for k in range(i * i, limit, i):
                marks[k] = 0
    return sum(marks)


def main():
    keys = list(randoms(20000))
    root = Node(keys[0])
    for key in keys[1:]:
        insert(root, key)

    rows = [{"id": i, "name": f"row {key % 5000}", "values": [key % 7, key % 11, key / 3]}
            for i, key in enumerate(randoms(25000))]
    text = json.dumps(rows)
    back = json.loads(text)
    by_name = collections.defaultdict(list)
    for row in back:
        by_name[row["name"]].append(sum(row["values"]))
    best = sorted(by_name.items(), key=lambda item: (-len(item[1]), item[0]))[:3]

    words = re.findall(r"[a-z]+|\d+", text)
    counts = collections.Counter(words)
    joined = " ".join(word[::-1] for word in words)
    pairs = {(i, i * i % 977): str(i) for i in range(60000)}
    print(sieve(400000))
    print(len(text), len(joined), counts.most_common(2), [name for name, _ in best], sum(k[1] for k in pairs))


for _ in range(3):
    main()

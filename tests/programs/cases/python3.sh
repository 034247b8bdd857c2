# package: python3
# set: quick
# does: json, re, pickle, sqlite3, zlib, decimal, ast, threads, subprocess with PYTHONMALLOC=malloc
# needs: python3
# note: PYTHONMALLOC=malloc, so that each object is one block of the heap

prepare() {
    text 600000 >prose
    cat >work.py <<'PY'
import ast, collections, concurrent.futures, decimal, hashlib, heapq, inspect, io, json, pickle, random, re
import sqlite3, subprocess, sys, textwrap, xml.etree.ElementTree as ET, zlib

prose = open(sys.argv[1]).read()
words = re.findall(r"\w+", prose)
count = collections.Counter(words)
print(count.most_common(10))
tree = {w: {"n": n, "at": [i for i in range(n)][:20]} for w, n in count.items()}
again = json.loads(json.dumps(tree))
print(again == pickle.loads(pickle.dumps(again)), len(json.dumps(again, indent=1)))
print(hashlib.sha256(zlib.compress(prose.encode(), 9)).hexdigest())
rng = random.Random(7)
heap = [rng.random() for _ in range(60000)]
heapq.heapify(heap)
print(sum(heapq.heappop(heap) for _ in range(30000)))
decimal.getcontext().prec = 300
print(decimal.Decimal(2).sqrt())
module = ast.parse(inspect.getsource(textwrap) + inspect.getsource(json.decoder) + inspect.getsource(collections))
print(len(ast.dump(module)), len(ast.unparse(module)))
root = ET.Element("r")
for w, n in count.most_common(3000):
    ET.SubElement(root, "w", n=str(n)).text = w
print(len(ET.tostring(ET.fromstring(ET.tostring(root)))))
db = sqlite3.connect(":memory:")
db.execute("create table t (w, n)")
db.executemany("insert into t values (?, ?)", count.items())
print(db.execute("select count(*), sum(n), max(w) from t where w like 'a%'").fetchall())
def job(seed):
    r = random.Random(seed)
    return hashlib.md5(b"".join(bytes(r.randrange(256) for _ in range(r.randrange(400))) for _ in range(60))).hexdigest()
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(*pool.map(job, range(40)))
print(subprocess.run([sys.executable, "-c", "print(sum(range(10**5)))"], capture_output=True).stdout)
print(hashlib.md5(hex(3 ** 200000 // 7 ** 50000).encode()).hexdigest())
PY
}

run() {
    PYTHONMALLOC=malloc PYTHONHASHSEED=0 python3 "$IN/work.py" "$IN/prose"
}

# package: nodejs
# set: quick
# does: JSON, Map, Buffer, zlib, crypto, streams, four worker threads, WebAssembly
# needs: node
# note: V8 maps its own heap; served are Buffers, zlib, OpenSSL and the C++ side

prepare() {
    text 800000 >prose
    cat >work.js <<'JS'
const fs = require('fs'), zlib = require('zlib'), crypto = require('crypto');
const { Worker, isMainThread, workerData, parentPort } = require('worker_threads');
const sha = (x) => crypto.createHash('sha256').update(x).digest('hex');
if (!isMainThread) {
  const parts = [];
  for (let i = 0; i < 3000; i++) parts.push(Buffer.alloc(1 + (i * 37) % 9000, workerData + i % 50));
  parentPort.postMessage(sha(zlib.gzipSync(Buffer.concat(parts))));
} else (async () => {
  const prose = fs.readFileSync(process.argv[2]);
  const count = new Map();
  for (const w of prose.toString().match(/\w+/g)) count.set(w, (count.get(w) || 0) + 1);
  console.log([...count].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 10));
  console.log(JSON.parse(JSON.stringify([...count])).length);
  for (const f of ['gzipSync', 'deflateSync', 'brotliCompressSync'])
    console.log(f, sha(zlib[f](prose.subarray(0, 200000))));
  console.log(sha(crypto.pbkdf2Sync('a', 'b', 5000, 64, 'sha512')), sha(crypto.scryptSync('a', 'b', 64)));
  const buffers = [];
  for (let i = 0; i < 20000; i++) { buffers.push(Buffer.allocUnsafeSlow(16 + i % 3000).fill(i & 255)); if (i % 3) buffers[i >> 1] = null; }
  console.log(sha(Buffer.concat(buffers.filter(Boolean))));
  const done = [1, 2, 3, 4].map((n) => new Promise((ok, no) =>
    new Worker(__filename, { workerData: n }).on('message', ok).on('error', no)));
  console.log(await Promise.all(done));
  const wasm = Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3,
    97, 100, 100, 0, 0, 10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11]);
  console.log((await WebAssembly.instantiate(wasm)).instance.exports.add(40, 2));
})();
JS
}

run() {
    node "$IN/work.js" "$IN/prose"
}

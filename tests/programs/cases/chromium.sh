# package: chromium
# set: slow
# does: headless, a screenshot of a local page with styles, canvas, SVG, fonts and script
# needs: chromium python3
# own-heap: chromium chrome_crashpad_handler
# stderr: it reports missing services of the desktop with times and process numbers
# note: PartitionAlloc inside the browser serves malloc; Loam is mapped and serves nothing of it

prepare() {
    cat >page.html <<'HTML'
<!DOCTYPE html><meta charset="utf-8"><title>page</title>
<style>body { font: 16px sans-serif; background: linear-gradient(#fff, #abc) } td { border: 1px solid; border-radius: 5px; padding: 2px }
.grid { display: grid; grid-template-columns: repeat(20, 1fr) } .grid div { height: 12px; box-shadow: 1px 1px 3px #000 }</style>
<h1>A page</h1><div class="grid" id="g"></div><table id="t"></table><canvas id="c" width="300" height="150"></canvas>
<svg width="200" height="150"><filter id="f"><feGaussianBlur stdDeviation="3"/></filter><circle cx="80" cy="70" r="50" fill="red" filter="url(#f)"/></svg>
<script>
for (let i = 0; i < 200; i++) { const d = document.createElement('div'); d.style.background = `hsl(${i * 2} 80% 60%)`; g.append(d) }
for (let r = 0; r < 8; r++) { const row = t.insertRow(); for (let c = 0; c < 10; c++) row.insertCell().textContent = (r * 7919 + c * 104729) % 1000 }
const x = c.getContext('2d'); for (let i = 0; i < 300; i++) { x.strokeStyle = `rgb(${i % 256},${i * 3 % 256},90)`; x.beginPath(); x.moveTo(i, 0); x.bezierCurveTo(300 - i, 50, i, 100, 300, 150); x.stroke() }
const all = []; for (let i = 0; i < 200000; i++) all.push({ i, s: 'text ' + i }); document.title = JSON.stringify(all).length;
</script>
HTML
    # Width, height and pixels, without the other chunks of the file.
    cat >pixels.py <<'PY'
import hashlib, struct, sys, zlib
data = open(sys.argv[1], "rb").read()
at, pixels, size = 8, b"", None
while at < len(data):
    length, kind = struct.unpack(">I4s", data[at:at + 8])
    body = data[at + 8:at + 8 + length]
    if kind == b"IHDR":
        size = struct.unpack(">II", body[:8])
    if kind == b"IDAT":
        pixels += body
    at += 12 + length
print(size, len(zlib.decompress(pixels)), hashlib.sha256(zlib.decompress(pixels)).hexdigest())
PY
}

run() {
    flags="--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --hide-scrollbars
        --user-data-dir=$PWD/tmp/profile --disable-background-networking --disable-component-update"
    chromium $flags --window-size=800,700 --screenshot="$PWD/tmp/page.png" "file://$IN/page.html"
    python3 "$IN/pixels.py" tmp/page.png
    chromium $flags --dump-dom "file://$IN/page.html" | cksum
}

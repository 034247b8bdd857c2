# package: curl
# set: quick
# does: 400 transfers in parallel from python's http.server, ranges, redirects, cookies, forms
# needs: curl python3

prepare() {
    mkdir site
    for i in $(seq 20); do
        text $((i * 9000)) >"site/file$i"
    done
    cat >server.py <<'PY'
import http.server, os, sys
os.chdir(sys.argv[1])
class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *a): pass
    def do_GET(self):
        if self.path == "/redirect":
            self.send_response(302); self.send_header("Location", "/file3"); self.send_header("Set-Cookie", "a=b")
            self.send_header("Content-Length", "0"); self.end_headers()
        else:
            super().do_GET()
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = b"%d bytes, cookie %s\n" % (len(body), (self.headers["Cookie"] or "").encode())
        self.send_response(200); self.send_header("Content-Length", str(len(answer))); self.end_headers(); self.wfile.write(answer)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
PY
}

run() {
    serve python3 "$IN/server.py" "$IN/site" "$PORT"
    url=http://127.0.0.1:$PORT
    wait_for curl -sf "$url/file1"
    curl -sf --no-progress-meter --parallel --parallel-max 8 -o 'got-#1-#2' "$url/file[1-20]?{a,b,c}"
    curl -sf -L -c tmp/jar "$url/redirect" | cksum
    curl -sf -b tmp/jar -d "x=$(head -c 2000 "$IN/site/file1" | tr -d '\n')" "$url/"
    curl -s -o /dev/null -w '%{http_code} %{size_download}\n' "$url/missing"
    stop "$server"
}

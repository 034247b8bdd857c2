# package: haproxy
# set: quick
# does: two threads in front of python's http.server: compression, ACLs, 500 requests in parallel
# needs: haproxy curl python3

prepare() {
    mkdir site
    text 100000 >site/a.txt
    text 500000 >site/b.txt
}

run() {
    cat >tmp/server.py <<'PY'
import http.server, os, socketserver, sys
os.chdir(sys.argv[1])
class Handler(http.server.SimpleHTTPRequestHandler):
    def address_string(self):
        return "client"
class Server(socketserver.ThreadingUnixStreamServer):
    request_queue_size = 64
Server(sys.argv[2], Handler).serve_forever()
PY
    cat >tmp/haproxy.cfg <<CONF
global
    nbthread 2
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend in
    bind 127.0.0.1:$PORT
    acl hidden path_end .secret
    http-request deny if hidden
    http-response set-header X-Path %[capture.req.uri]
    http-response del-header Date
    compression algo gzip
    compression type text/plain
    default_backend files
backend files
    server one unix@$PWD/tmp/backend
CONF
    serve python3 tmp/server.py "$IN/site" "$PWD/tmp/backend"
    backend=$server
    wait_for test -S tmp/backend
    serve haproxy -f tmp/haproxy.cfg
    wait_for curl -sf "http://127.0.0.1:$PORT/a.txt"
    for path in a.txt b.txt; do
        curl -sf "http://127.0.0.1:$PORT/$path" | sha256sum
        curl -sf --compressed "http://127.0.0.1:$PORT/$path" | sha256sum
    done
    curl -s -o /dev/null -w '%{http_code}\n' "http://127.0.0.1:$PORT/x.secret"
    curl -sf --no-progress-meter --parallel --parallel-max 8 -o /dev/null -w '%{http_code} %{size_download}\n' "http://127.0.0.1:$PORT/a.txt?[1-500]" | sort | uniq -c
    stop "$server" USR1
    stop "$backend"
}

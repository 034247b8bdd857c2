# package: nginx-light wrk
# set: quick
# does: two workers under wrk: plain files, gzip, a proxy to itself; checksums by curl
# needs: nginx wrk curl

prepare() {
    mkdir site
    text 300000 >site/large.txt
    text 2000 >site/small.txt
    head -c 3000000 /dev/zero >site/zeros
    chmod -R a+rX .
}

run() {
    cat >tmp/nginx.conf <<CONF
daemon off;
worker_processes 2;
error_log stderr warn;
pid $PWD/tmp/pid;
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path $PWD/tmp; proxy_temp_path $PWD/tmp; fastcgi_temp_path $PWD/tmp;
    uwsgi_temp_path $PWD/tmp; scgi_temp_path $PWD/tmp;
    gzip on; gzip_types *;
    server {
        listen 127.0.0.1:$PORT;
        root $IN/site;
        location /proxy/ { proxy_pass http://127.0.0.1:$PORT/; }
    }
}
CONF
    serve nginx -c "$PWD/tmp/nginx.conf" -e stderr
    wait_for curl -sf "http://127.0.0.1:$PORT/small.txt"
    for path in small.txt large.txt zeros proxy/large.txt; do
        curl -sf "http://127.0.0.1:$PORT/$path" | sha256sum
        curl -sf --compressed "http://127.0.0.1:$PORT/$path" | sha256sum
    done
    for path in small.txt proxy/large.txt; do
        wrk -t 2 -c 16 -d 1 -H 'Accept-Encoding: gzip' "http://127.0.0.1:$PORT/$path" >tmp/wrk
        # How many requests fit into a second is a measurement; that none failed is the result.
        awk '/requests in/ { print ($1 > 0 ? "served" : "nothing served") } /Non-2xx|Socket errors/' tmp/wrk
    done
    stop "$server" QUIT
}

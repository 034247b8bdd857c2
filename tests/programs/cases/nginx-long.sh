# package: nginx-light wrk
# set: slow
# does: two workers under wrk for 8 seconds with 200 connections, reloads meanwhile
# needs: nginx wrk curl

prepare() {
    mkdir site
    text 100000 >site/large.txt
    text 2000 >site/small.txt
    chmod -R a+rX .
}

run() {
    cat >tmp/nginx.conf <<CONF
daemon off;
worker_processes 2;
error_log stderr warn;
pid $PWD/tmp/pid;
events { worker_connections 1024; }
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
    for path in large.txt proxy/small.txt; do
        wrk -t 2 -c 200 -d 4 -H 'Accept-Encoding: gzip' "http://127.0.0.1:$PORT/$path" >tmp/wrk &
        load=$!
        sleep 1
        kill -HUP "$server"
        wait "$load"
        # How many requests were served is a measurement, and a reload may close idle connections.
        awk '/requests in/ { print ($1 > 0 ? "served" : "nothing served") } /Non-2xx/' tmp/wrk
        curl -sf --compressed "http://127.0.0.1:$PORT/$path" | sha256sum
    done
    stop "$server" QUIT
}

# package: apache2-bin apache2-utils
# set: quick
# does: event MPM with threads under ab, keep-alive and not; checksums by curl
# needs: apache2 ab curl

prepare() {
    mkdir site
    text 30000 >site/large.txt
    text 3000 >site/small.txt
    chmod -R a+rX .
}

run() {
    modules=/usr/lib/apache2/modules
    cat >tmp/httpd.conf <<CONF
ServerRoot $PWD/tmp
ServerName localhost
PidFile $PWD/tmp/pid
ErrorLog $PWD/tmp/error.log
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule deflate_module $modules/mod_deflate.so
LoadModule filter_module $modules/mod_filter.so
Mutex file:$PWD/tmp
Listen 127.0.0.1:$PORT
StartServers 2
ThreadsPerChild 8
MaxRequestWorkers 16
DocumentRoot $IN/site
SetOutputFilter DEFLATE
CONF
    serve apache2 -d "$PWD/tmp" -f "$PWD/tmp/httpd.conf" -D FOREGROUND
    wait_for curl -sf "http://127.0.0.1:$PORT/small.txt"
    for path in small.txt large.txt; do
        curl -sf --compressed "http://127.0.0.1:$PORT/$path" | sha256sum
    done
    for options in '-n 3000 -k' '-n 1000'; do
        ab -q $options -c 8 -H 'Accept-Encoding: gzip' "http://127.0.0.1:$PORT/large.txt" >tmp/ab
        # Not `Failed requests`: when a worker ends its keep-alive just then, ab counts one, on any heap.
        grep -E '^(Complete requests|Non-2xx responses)' tmp/ab
    done
    stop "$server"
}

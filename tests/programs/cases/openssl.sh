# package: openssl
# set: quick
# does: keys, certificates, signatures, digests, ciphers, a TLS server and 20 connections
# needs: openssl

prepare() {
    text 5000000 >prose
    # Keys are random: both runs get the same ones.
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 3650 -subj /CN=localhost 2>/dev/null
    openssl ecparam -genkey -name prime256v1 -noout -out ec.pem
}

run() {
    for digest in sha256 sha3-512 blake2b512 md5; do
        openssl dgst "-$digest" "$IN/prose"
    done
    for cipher in aes-256-cbc chacha20 camellia-128-cbc; do
        openssl enc "-$cipher" -K 000102 -iv 0001 -in "$IN/prose" 2>>tmp/stderr.log | cksum
    done
    openssl dgst -sha256 -sign "$IN/key.pem" -out signature "$IN/prose"
    openssl x509 -in "$IN/cert.pem" -noout -text -fingerprint
    openssl dgst -sha256 -sign "$IN/ec.pem" -out tmp/random "$IN/prose"
    openssl dgst -sha256 -prverify "$IN/ec.pem" -signature tmp/random "$IN/prose"
    openssl genrsa -out tmp/new.pem 2048 2>>tmp/stderr.log
    openssl rsa -in tmp/new.pem -check -noout 2>&1
    openssl s_server -accept "127.0.0.1:$PORT" -key "$IN/key.pem" -cert "$IN/cert.pem" -www -quiet >tmp/server.log 2>&1 &
    server=$!
    get() {
        printf 'GET / HTTP/1.0\r\n\r\n' | timeout 10 openssl s_client -connect "127.0.0.1:$PORT" -CAfile "$IN/cert.pem" -quiet -verify_return_error 2>>tmp/stderr.log
    }
    wait_for get
    for i in $(seq 20); do
        get | grep -c 'HTTP/1.0 200'
    done
    stop "$server"
}

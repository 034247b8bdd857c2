# package: gnupg
# set: quick
# does: a key, signing, verifying, encrypting with a passphrase and with the key (locked memory)
# needs: gpg gpg-agent gpgconf

prepare() {
    text 2000000 >prose
}

run() {
    mkdir -m 700 tmp/g
    # The socket's path must be short.
    export GNUPGHOME="$PWD/tmp/g"
    # Else the agent takes a second to find out how many rounds slow a guesser down.
    echo 's2k-count 65536' >tmp/g/gpg-agent.conf
    g='gpg --batch --quiet --no-tty --pinentry-mode loopback --passphrase x --s2k-count 65536'
    $g --quick-generate-key 'A <a@example.org>' ed25519 sign never 2>>tmp/gpg.log
    $g --quick-generate-key 'B <b@example.org>' rsa2048 encrypt never 2>>tmp/gpg.log
    # Keys, signatures and ciphertext are random: whether they fit together is compared.
    $g -u a@example.org -o tmp/signed --sign "$IN/prose"
    $g --status-fd 1 -o tmp/verified --verify tmp/signed 2>>tmp/gpg.log | grep -o -E 'GOODSIG|VALIDSIG'
    $g --trust-model always -r b@example.org -o tmp/secret --encrypt "$IN/prose"
    $g --decrypt tmp/secret 2>>tmp/gpg.log | cksum
    $g --cipher-algo AES256 -o tmp/symmetric --symmetric "$IN/prose"
    $g --decrypt tmp/symmetric 2>>tmp/gpg.log | cksum
    $g --print-md sha512 <"$IN/prose"
    gpgconf --kill all
}

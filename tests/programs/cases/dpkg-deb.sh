# package: dpkg
# set: quick
# does: builds a package with xz threads, reads and unpacks it
# needs: dpkg-deb dpkg

prepare() {
    mkdir -p package/DEBIAN package/usr/share/test
    text 2000000 | split -b 50000 - package/usr/share/test/part-
    cat >package/DEBIAN/control <<'CONTROL'
Package: test
Version: 1.0-1
Architecture: all
Maintainer: A <a@example.org>
Description: a test
 A longer description.
CONTROL
    find package -exec touch -d '2023-01-01 00:00:00Z' {} +
    chmod -R go-w package
}

run() {
    dpkg-deb --root-owner-group --threads-max=2 -Zxz -b "$IN/package" test.deb
    dpkg-deb --info test.deb
    dpkg-deb --contents test.deb
    dpkg-deb -x test.deb unpacked
    dpkg --compare-versions 1:2.3-4 gt 2.9 && echo newer
}

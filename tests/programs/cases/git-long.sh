# package: git
# set: slow
# does: fast-import of 4000 commits, clone, aggressive gc with two threads, bundle, fsck
# needs: git

export GIT_CONFIG_NOSYSTEM=1

prepare() {
    text 200000 >prose
    awk '{ line[NR] = $0 } END {
        for (i = 1; i <= 4000; i++) {
            printf "commit refs/heads/main\nmark :%d\ncommitter a <a@example.org> %d +0000\ndata 9\ncommit %d\n", i, 1700000000 + i, i % 10
            body = ""
            for (j = 0; j < 30; j++) body = body line[1 + (i * 7 + j * (1 + i % 3)) % NR] "\n"
            printf "M 100644 inline d%d/e%d/f%d\ndata %d\n%s\n", i % 13, i % 7, i % 400, length(body), body
        }
    }' prose >import
}

run() {
    git init -q -b main --bare tmp/repo
    git -C tmp/repo fast-import --quiet <"$IN/import"
    # Two threads divide the work as they come: packs differ, what is in them doesn't.
    git -C tmp/repo -c pack.threads=2 gc -q --aggressive --prune=now
    git -C tmp/repo fsck --full
    git clone -q --no-local tmp/repo tmp/clone
    git -C tmp/clone rev-list --objects --all | sort | cksum
    git -C tmp/clone log -p --find-renames | cksum
    git -C tmp/clone bundle create -q ../all.bundle --all
    git -C tmp/clone bundle verify -q ../all.bundle
    git -C tmp/clone log --format=%H -S anything | cksum
}

# package: git
# set: quick
# does: 60 commits, branches, merge, clone, gc, fsck, blame, log with patches
# needs: git

export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a \
    GIT_COMMITTER_EMAIL=a@example.org GIT_AUTHOR_DATE='2024-01-01T00:00:00Z' GIT_COMMITTER_DATE='2024-01-01T00:00:00Z'

prepare() {
    text 600000 >prose
}

run() {
    git init -q -b main tmp/repo
    (
        cd tmp/repo
        split -l 300 "$IN/prose" file-
        for i in $(seq 60); do
            n=0
            for f in file-*; do
                n=$((n + 1))
                [ $((n % 20)) != $((i % 20)) ] || sed -i "${i}s/.*/changed $i/" "$f"
            done
            git add .
            git commit -q -m "change $i"
        done
        git checkout -q -b side HEAD~20
        echo side >side
        git add side
        git commit -q -m side
        git checkout -q main
        git merge -q -m merge side
        git -c pack.threads=2 gc -q --aggressive
        git fsck --full
        git log --stat --graph --format='%H %s' | cksum
        git log -p | cksum
        git blame -s file-aa | cksum
        git grep -c -E 'changed [0-9]+' | cksum
    )
    git -c protocol.file.allow=always clone -q --no-local tmp/repo tmp/clone
    git -C tmp/clone rev-parse HEAD
    git -C tmp/clone rev-list --objects --all | sort | cksum
    (cd tmp/clone && git archive HEAD | cksum)
}

# package: emacs-nox
# set: quick
# does: batch: buffers, regular expressions, sorting, hash tables, Org to HTML, byte compilation
# needs: emacs

prepare() {
    text 200000 >prose
    {
        echo '#+TITLE: A test'
        text 20000 | awk '{ if (NR % 10 == 1) print "* Heading " NR; if (NR % 25 == 3) print "| a | b |\n|---+---|\n| 1 | " NR " |"; print }'
    } >work.org
    cat >work.el <<'EL'
(setq make-backup-files nil auto-save-default nil)
(let ((count (make-hash-table :test 'equal)))
  (with-temp-buffer
    (insert-file-contents (expand-file-name "prose" (getenv "IN")))
    (while (re-search-forward "\\w+" nil t)
      (puthash (match-string 0) (1+ (gethash (match-string 0) count 0)) count))
    (goto-char (point-min))
    (while (re-search-forward "\\b\\(\\w\\)\\(\\w*\\)" nil t) (replace-match "\\2\\1"))
    (sort-lines nil (point-min) (point-max))
    (fill-region (point-min) (min 20000 (point-max)))
    (write-region (point-min) (point-max) "edited"))
  (let (all)
    (maphash (lambda (w n) (push (cons n w) all)) count)
    (princ (format "%S\n" (seq-take (sort all (lambda (a b) (or (> (car a) (car b)) (and (= (car a) (car b)) (string< (cdr a) (cdr b)))))) 10)))))
(require 'ox-ascii)
(with-temp-buffer
  (insert-file-contents (expand-file-name "work.org" (getenv "IN")))
  (org-mode)
  (let ((org-export-with-author nil) (org-export-with-date nil) (org-export-time-stamp-file nil))
    (write-region (org-export-as 'ascii) nil "work.txt")))
(copy-file (expand-file-name "work.el" (getenv "IN")) "copy.el")
(byte-compile-file "copy.el")
(garbage-collect)
(princ (format "%d\n" (length (apply #'concat (make-list 20000 "abc")))))
EL
}

run() {
    emacs -Q --batch -l "$IN/work.el"
}

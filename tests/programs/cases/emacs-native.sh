# package: emacs-nox
# set: slow
# does: native compilation with libgccjit in the process, Org to HTML, fontification, shell
# needs: emacs as ld
# stderr: it says how far a long command is, by the clock

prepare() {
    {
        echo ';;; -*- lexical-binding: t -*-'
        awk 'BEGIN { for (i = 0; i < 150; i++) printf "(defun f%d (a &optional b) (let ((l (mapcar (lambda (x) (+ x %d)) a))) (while (and b (> b 0)) (setq b (1- b)) (push (* b %d) l)) (cond ((null l) nil) ((cdr l) (apply (function +) l)) (t (car l)))))\n", i, i, i }'
        echo '(defun all () (list'
        awk 'BEGIN { for (i = 0; i < 150; i++) printf "(f%d (list 1 2 3) %d)\n", i, i % 40 }'
        echo '))(provide (quote work))'
    } >work.el
    {
        echo '#+TITLE: A test'
        text 100000 | awk '{ if (NR % 10 == 1) print "* Heading " NR; if (NR % 25 == 3) print "| a | b |\n|---+---|\n| 1 | " NR " |"; print }'
    } >work.org
    c_source 20 >code.c
    cat >main.el <<'EL'
(require 'ox-html)
(with-temp-buffer
  (insert-file-contents (expand-file-name "work.org" (getenv "IN")))
  (org-mode)
  ;; Identifiers of headings are random.
  (let ((org-export-with-author nil) (org-export-with-date nil) (org-export-time-stamp-file nil) (org-html-postamble nil))
    (write-region (replace-regexp-in-string "org[0-9a-f]\\{7\\}" "ID" (org-export-as 'html)) nil "work.html")))
(with-temp-buffer
  (insert-file-contents (expand-file-name "code.c" (getenv "IN")))
  (c-mode)
  (font-lock-ensure)
  (indent-region (point-min) (point-max))
  (let ((n 0) (p (point-min)))
    (while (setq p (next-single-property-change p 'face)) (setq n (1+ n)))
    (princ (format "%d faces, %d characters\n" n (buffer-size)))))
(when (and (fboundp 'native-comp-available-p) (native-comp-available-p))
  (load (native-compile (expand-file-name "work.el" (getenv "IN")) (expand-file-name "tmp/work.eln")))
  (princ (format "%S %S\n" (subr-native-elisp-p (symbol-function 'f1)) (all))))
(princ (shell-command-to-string "seq 5 | tac"))
EL
}

run() {
    emacs -Q --batch -l "$IN/main.el"
}

#include "cli/help.h"

#include "base/text.h"
#include "cli/say.h"
#include "conf/options.h"

/* No line is longer than a terminal is wide. */
enum { COLUMNS = 79 };

void lm_help_commands(FILE *out) {
    fputs("Loam: a heap manager that explains what a program does with its memory\n"
          "\n"
          "usage: loam COMMAND ...\n"
          "\n"
          "  run PROGRAM ARGS   run a program on Loam's heap; --stats shows what it did\n"
          "  check PROGRAM ARGS tell what a program does wrong with its memory\n"
          "  leaks PID          ask a process that is checked for its leaks\n"
          "  explain CODE       what a code that check told means, with an example\n"
          "  selftest           see whether sampled guards catch mistakes here\n"
          "  core FILE          explain a core dump by what Loam left in it\n"
          "  help [TOPIC]       this text, or one about: run, check, leaks, selftest,\n"
          "                     core, options\n"
          "\n"
          "  --version          print the version\n"
          "  --help             this text\n"
          "\n"
          "example: loam run --stats -- sqlite3 :memory: 'select 1'\n",
          out);
}

void lm_help_run(FILE *out) {
    fputs("usage: loam run [--stats] [--stats-json FILE] [--options K=V:...] [--]\n"
          "                PROGRAM ARGS\n"
          "\n"
          "Runs PROGRAM, found as the shell finds it, with Loam's heap in place of the C\n"
          "library's, and verifies that it took effect. What PROGRAM starts runs on Loam\n"
          "as well. Its input and output are untouched.\n"
          "\n"
          "  --stats            at the end, print on standard error what the heap did\n"
          "  --stats-json FILE  write that to FILE: one JSON object in a line for each\n"
          "                     process that has exited by then\n"
          "  --options K=V:...  options for Loam, beside those in LOAM_OPTIONS;\n"
          "                     loam help options lists them\n"
          "\n"
          "The exit status is PROGRAM's own, or\n"
          "  128 + n  signal n killed PROGRAM\n"
          "  127      PROGRAM was not found\n"
          "  126      PROGRAM can't be executed\n"
          "  125      PROGRAM can't run on Loam, or ran but without it, or Loam failed\n"
          "  2        wrong use\n",
          out);
}

void lm_help_check(FILE *out) {
    fputs("usage: loam check [OPTION ...] [--] PROGRAM ARGS\n"
          "\n"
          "Runs PROGRAM, found as the shell finds it, with Loam's checker in it, and tells\n"
          "each mistake that it makes with the heap: what, where, how it came to it, how\n"
          "sure that is. PROGRAM needn't be compiled anew; with -g its lines are shown. Its\n"
          "input and output are untouched. Mistakes are told on standard error as they\n"
          "come, each once, and are listed at the end.\n"
          "\n"
          "  --log-file FILE      write the reports to FILE\n"
          "  --format FORMAT      text, as they come, or one document at the end: json;\n"
          "                       sarif; xml, which is Valgrind's; or github, annotations\n"
          "  --suppressions FILE  don't tell what FILE names, in Valgrind's form or\n"
          "                       LeakSanitizer's; may be given more than once\n"
          "  --gen-suppressions   print with each report what FILE needs for it\n"
          "  --color WHEN         auto (on a terminal, unless NO_COLOR is set), always,\n"
          "                       never\n"
          "  --quiet, -q          say nothing when nothing was found\n"
          "  --error-exitcode N   the status when anything was found; 0: PROGRAM's own\n"
          "  --children           check the programs that PROGRAM starts, too\n"
          "  --leaks WHICH        yes or no\n"
          "  --uninit HOW         auto, off, or all\n"
          "  --exact              stop at each faulty access, at any cost\n"
          "  --dangling           name the pointers that are left when a block is freed\n"
          "  --quarantine BYTES   how much freed memory is watched\n"
          "  --options K=V:...    options for Loam, beside those in LOAM_OPTIONS;\n"
          "                       loam help options lists them\n"
          "  --read FILE          run nothing: tell what FILE, or each file in a folder,\n"
          "                       says, which LOAM_OPTIONS=check_to=FOLDER left there\n"
          "\n"
          "The exit status is PROGRAM's own when nothing was found, or\n"
          "  128 + n  nothing was found, and signal n killed PROGRAM\n"
          "  127      PROGRAM was not found\n"
          "  126      PROGRAM can't be executed\n"
          "  125      PROGRAM can't be checked, or Loam failed\n"
          "  99       mistakes were found\n"
          "  98       leaks were found, and nothing else\n"
          "  2        wrong use\n",
          out);
}

void lm_help_leaks(FILE *out) {
    fputs("usage: loam leaks [OPTION ...] PID\n"
          "\n"
          "Asks the process PID, which loam check runs, for the blocks that nothing points\n"
          "to any more, and tells them. The process stands still for that moment and goes\n"
          "on. Memory that is still pointed to isn't told of.\n"
          "\n"
          "  --log-file FILE, --format FORMAT, --suppressions FILE, --gen-suppressions,\n"
          "  --color WHEN, --quiet, --error-exitcode N: as for loam check\n"
          "\n"
          "The exit status is 0 when there are no leaks, or\n"
          "  125      the process isn't checked, can't be asked, or didn't answer\n"
          "  98       there are leaks\n"
          "  2        wrong use\n",
          out);
}

void lm_help_selftest(FILE *out) {
    fputs("usage: loam selftest\n"
          "\n"
          "Starts a process of its own on Loam that reads a freed block again and again,\n"
          "and one that reads past the end of its blocks. Both must be stopped by a\n"
          "sampled guard, with a report that has the call stacks. Says what was caught,\n"
          "one line each.\n"
          "\n"
          "The exit status is 0 when both were caught, or\n"
          "  125      Loam failed\n"
          "  2        wrong use\n"
          "  1        one was not\n",
          out);
}

void lm_help_core(FILE *out) {
    fputs("usage: loam core FILE\n"
          "\n"
          "Reads the core dump of a process that ran on Loam and ended by an access to\n"
          "memory that can't be touched. When that was at a sampled block (option\n"
          "sample), it says what was done wrong, to which block, and who allocated and\n"
          "freed it.\n"
          "\n"
          "The exit status is 0 when the fault was explained, or\n"
          "  125      FILE can't be read, or is no core dump\n"
          "  2        wrong use\n"
          "  1        Loam has nothing to tell of this fault\n",
          out);
}

static void print_values(FILE *out, const lm_option *option) {
    for (const lm_option_value *value = option->values; value && value->name; value++)
        fprintf(out, "      %-9s %s\n", value->name, value->meaning);
}

static void print_option(FILE *out, const lm_option *option) {
    char line[128];
    lm_text text;
    lm_text_init(&text, line, sizeof line);
    lm_text_format(&text, "%s=", option->key);
    lm_options_syntax(&text, option);
    lm_text_put(&text, " (default: ");
    lm_options_initial(&text, option);
    lm_text_put(&text, option->anywhere ? ")" : "; not setuid)");
    fprintf(out, "\n  %s\n      %s\n", line, option->help);
    lm_print_wrapped(out, option->description, 6, COLUMNS);
    print_values(out, option);
}

void lm_help_options(FILE *out) {
    fputs("Options of the library, as key=value:key=value in the environment variable\n"
          "LOAM_OPTIONS, after loam run --options, or in a program's own\n"
          "const char loam_default_options[]; of a key that is named twice the last\n"
          "counts. Values with ':' in them stand in single quotes. BYTES is a number, also\n"
          "with K, M, G or T after it.\n",
          out);
    for (const lm_option *option = lm_options_table; option->key != NULL; option++)
        print_option(out, option);
}

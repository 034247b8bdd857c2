/* The pages of `loam explain`. tests/scripts/cli_explain.sh compiles each program. */
#include "cli/explain.h"

const lm_page lm_pages[LM_CODES_COUNT] = {
    [LM_CODE_HEAP_OVERFLOW] =
        {"Bytes behind the end of a block were written or read. They belong to nobody, or to "
         "another block: "
         "a write there damages other data, often found much later; a read gives chance values.",
         "char *copy = malloc(strlen(text));\n"
         "strcpy(copy, text); /* the NUL at the end has no room */\n",
         "char *copy = malloc(strlen(text) + 1);\n"
         "if (copy != NULL)\n"
         "    strcpy(copy, text);\n",
         "The brackets in the line `block` are the block's ends; the bytes under ^ are outside. "
         "`valid` says "
         "which offsets the block has. Compare the size in `allocated` with what the blamed line "
         "touches."},
    [LM_CODE_HEAP_UNDERFLOW] =
        {"Bytes before the start of a block were written or read, mostly through an index below 0.",
         "int *values = malloc(4 * sizeof *values);\n"
         "int last = 0;\n"
         "values[last - 1] = 5;\n",
         "int *values = malloc(4 * sizeof *values);\n"
         "int last = 0;\n"
         "if (values != NULL && last > 0)\n"
         "    values[last - 1] = 5;\n",
         "Offsets below 0 are before the block."},
    [LM_CODE_USE_AFTER_FREE] = {"A block was used after it was freed, or after realloc moved it. "
                                "Its place may be another block's by "
                                "then: a read gives that one's data, a write damages it.",
                                "free(list);\n"
                                "printf(\"%d\\n\", list[0]);\n",
                                "printf(\"%d\\n\", list[0]);\n"
                                "free(list);\n"
                                "list = NULL;\n",
                                "The numbered lines tell who allocated the block, who freed it and "
                                "who used it then. `FOUND` "
                                "instead of READ or WRITTEN: the write itself was not seen, but "
                                "what it left was; it came between "
                                "the two moments that `certainty` names."},
    [LM_CODE_DOUBLE_FREE] = {"A block was freed that was free already. With other heaps this "
                             "damages the heap, or frees a block "
                             "that somebody else was given meanwhile.",
                             "free(text);\n"
                             "free(text);\n",
                             "free(text);\n"
                             "text = NULL;\n"
                             "free(text); /* does nothing */\n",
                             "Line 2 is the free that was right, the last line the one too many. "
                             "When they are in different "
                             "functions, the question is which of them owns the block."},
    [LM_CODE_INVALID_FREE] =
        {"An address was freed at which no block begins: a place inside a block, a local or global "
         "variable, "
         "a string literal. Only what malloc and its kin returned can be freed.",
         "char *at = text;\n"
         "while (*at == ' ')\n"
         "    at++;\n"
         "free(at);\n",
         "char *at = text;\n"
         "while (*at == ' ')\n"
         "    at++;\n"
         "free(text);\n",
         "The headline says what the address is, and how far inside a block."},
    [LM_CODE_FOREIGN_FREE] =
        {"An address was freed that never came from this heap: a variable's, a mapping's, or that "
         "of another "
         "heap, such as a library's with a malloc of its own.",
         "void *map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);\n"
         "free(map);\n",
         "void *map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);\n"
         "munmap(map, 4096);\n",
         "The headline says what lies at the address."},
    [LM_CODE_MISMATCHED_FREE] =
        {"A block was freed in another way than it was allocated: free for new, delete for new[] "
         "and so on. "
         "Destructors may not run, and other heaps may be damaged.",
         "int *numbers = new int[10];\n"
         "delete numbers;\n",
         "int *numbers = new int[10];\n"
         "delete[] numbers;\n",
         "The headline names both ways; `allocated` and the blamed line are the places."},
    [LM_CODE_SIZE_MISMATCH] = {"A block was freed by a form that is told its size or alignment, "
                               "and was told a wrong one. In C++ "
                               "the compiler calls these, with the size of the static type.",
                               "struct base { int a; };\n"
                               "struct derived : base { int b; };\n"
                               "base *object = new derived;\n"
                               "delete object; // base has no virtual destructor\n",
                               "struct base { int a; virtual ~base() = default; };\n"
                               "struct derived : base { int b; };\n"
                               "base *object = new derived;\n"
                               "delete object;\n",
                               "The headline has both numbers."},
    [LM_CODE_BAD_SIZE] = {"An allocation was asked for a size that can't be meant: a negative "
                          "number, which counts as a huge "
                          "one, or an alignment that is no power of two.",
                          "long length = end - start; /* end < start: below 0 */\n"
                          "char *copy = malloc((size_t)length);\n",
                          "long length = end - start;\n"
                          "char *copy = NULL;\n"
                          "if (length >= 0)\n"
                          "    copy = malloc((size_t)length + 1);\n",
                          "The headline has the number as it was passed and as it was meant."},
    [LM_CODE_NULL_DEREF] =
        {"NULL was dereferenced, mostly since an allocation failed and nobody looked. malloc "
         "returns NULL when "
         "there is no memory, or when the size is absurd.",
         "int *all = malloc(count * sizeof *all);\n"
         "all[0] = 1;\n",
         "int *all = malloc(count * sizeof *all);\n"
         "if (all == NULL)\n"
         "    return;\n"
         "all[0] = 1;\n",
         "The line `malloc(...) = NULL` is the allocation that failed, with its place and reason. "
         "`NULL plus "
         "16 bytes` is a member of a struct, or an element, behind a NULL pointer."},
    [LM_CODE_WILD_POINTER] =
        {"A pointer was dereferenced that points nowhere: it was never set, or read from memory "
         "that was "
         "never written or already freed. Loam fills such memory with patterns that make no valid "
         "pointer.",
         "int **table = malloc(4 * sizeof *table);\n"
         "*table[2] = 7; /* table[2] was never set */\n",
         "int **table = calloc(4, sizeof *table);\n"
         "if (table != NULL && table[2] != NULL)\n"
         "    *table[2] = 7;\n",
         "The report says what the pointer's value was, and in which block it stood."},
    [LM_CODE_UNINITIALISED_READ] =
        {"Bytes of a block were read before anything was written there. What they hold is chance, "
         "so what the "
         "program does with them is, too.",
         "int *sum = malloc(sizeof *sum);\n"
         "for (int i = 0; i < 10; i++)\n"
         "    *sum += i;\n",
         "int *sum = calloc(1, sizeof *sum);\n"
         "for (int i = 0; sum != NULL && i < 10; i++)\n"
         "    *sum += i;\n",
         "In the line `block`, ?? are bytes that were never written; those under ^ were read."},
    [LM_CODE_DANGLING_POINTER] = {"A block was freed, and pointers to it are left. Nothing is "
                                  "wrong yet, but using one of them, or "
                                  "freeing it, would be.",
                                  "free(current); /* a global variable */\n",
                                  "free(current);\n"
                                  "current = NULL;\n",
                                  "`held by` lists the places that still have the address."},
    [LM_CODE_LEAK] = {"A block was never freed, and no pointer to it is left, so that it can't be "
                      "freed any more. In a "
                      "program that runs for long, such blocks eat up memory.",
                      "char *line = malloc(80);\n"
                      "line = malloc(160); /* the first block is lost */\n"
                      "free(line);\n",
                      "char *line = malloc(80);\n"
                      "free(line);\n"
                      "line = malloc(160);\n"
                      "free(line);\n",
                      "The place is the allocation. Blocks that only lost ones point to are "
                      "counted apart: they come free "
                      "with what led to them."},
    [LM_CODE_POSSIBLE_LEAK] =
        {"A block was never freed, and only an address inside it, or a stale one on a stack, is "
         "left. It may "
         "be lost, or kept by a program that remembers another place in it than its start.",
         "char *line = malloc(80);\n"
         "line += 8; /* nothing points to the start */\n",
         "char *line = malloc(80);\n"
         "char *at = line;\n"
         "at += 8;\n"
         "free(line);\n",
         "As for leak."},
};

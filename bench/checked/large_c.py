"""Writes a large C file: what a compiler is given to do. large_c.functions(COUNT) yields its parts."""

HEAD = "#include <math.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"

FUNCTION = """
struct item_@I {{ int key, count; double weight; char name[{size}]; struct item_@I *next; }};
static int compare_@I(const void *a, const void *b) {{
    const struct item_@I *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key ? {greater} : strcmp(x->name, y->name);
}}
double work_@I(struct item_@I *items, int n, unsigned how) {{
    double sum = @I.5;
    qsort(items, (size_t)n, sizeof *items, compare_@I);
    for (int i = 0; i < n; i++) {{
        struct item_@I *item = &items[i];
        switch ((how >> {shift}) & 7) {{
        case 0: sum += item->weight * {factor}; break;
        case 1: for (int k = 0; k < item->count; k++) sum += sqrt(item->weight + k) * (k % {modulus}); break;
        case 2: item->count ^= (int)strlen(item->name) << {shift}; break;
        case 3: item->next = i + 1 < n ? &items[i + 1] : NULL; break;
        case 4: memset(item->name, 'a' + {letter}, sizeof item->name - 1); break;
        case 5: while (item->next && item->key < @I) {{ sum -= item->next->weight; item = item->next; }} break;
        default: printf("%d %s %g\\n", item->key, item->name, sum);
        }}
    }}
    return sum + (how & {mask} ? work_@B(NULL, 0, how / 2) : 0);
}}
"""


def functions(count):
    yield HEAD
    for i in range(count):
        text = FUNCTION.format(size=8 + i % 24, greater=1 + i % 3, shift=i % 5, factor=i % 7, modulus=2 + i % 5,
                               letter=i % 26, mask=i % 31 + 1)
        yield text.replace("@B", str(max(i - 1, 0))).replace("@I", str(i))

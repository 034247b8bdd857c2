/*
 * Data structures of small nodes: binary trees built and dropped beside one that stays, as in
 * compilers and interpreters, then a hash table of strings that grows and whose entries come and
 * go, as in databases and caches. Few sizes, many pointers followed: where the heap puts neighbours
 * counts as much as how fast it is.
 */
#include "bench.h"

/* ---- trees ---- */

struct node {
    struct node *left, *right;
    uint64_t value;
};

static struct node *tree_build(unsigned depth, uint64_t *stream) {
    struct node *node = bench_need(malloc(sizeof *node));
    node->value = bench_random(stream);
    node->left = depth == 0 ? NULL : tree_build(depth - 1, stream);
    node->right = depth == 0 ? NULL : tree_build(depth - 1, stream);
    return node;
}

static uint64_t tree_drop(struct node *node) {
    if (node == NULL)
        return 0;
    uint64_t checksum = node->value;
    checksum += 3 * tree_drop(node->left);
    checksum += 5 * tree_drop(node->right);
    free(node);
    return checksum;
}

static uint64_t trees(const struct bench_options *options, uint64_t stream) {
    enum { KEPT = 17, SHALLOWEST = 8, DEPTHS = 8 };
    struct node *kept = tree_build(KEPT, &stream);
    const uint64_t count = bench_scaled(options, 800);
    uint64_t checksum = 0;
    for (uint64_t i = 0; i < count; i++) {
        const unsigned depth = SHALLOWEST + (unsigned)bench_below(&stream, DEPTHS);
        checksum += tree_drop(tree_build(depth, &stream));
    }
    return checksum + tree_drop(kept);
}

/* ---- a hash table of strings ---- */

enum { KEYS = 400000, KEY_SIZE = 96 };

struct entry {
    struct entry *next;
    uint64_t hash;
    char *key;
    char *text; /* what the key stands for; replaced by strings of other lengths */
};

struct table {
    struct entry **chains;
    size_t size; /* a power of two */
    size_t used;
};

/* Writes a key of 8 to 71 characters that depends on the number alone; returns its hash. */
static uint64_t key_write(char key[KEY_SIZE], uint64_t number) {
    const uint64_t hash = bench_random(&(uint64_t){number});
    const size_t length = 8 + (hash & 63);
    for (size_t i = 0; i < length; i++)
        key[i] = (char)('a' + (hash >> (i * 7 & 31) & 15));
    for (size_t i = 0; i < 7; i++)
        key[i] = (char)('A' + (number >> 4 * i & 15));
    key[length] = '\0';
    return hash;
}

static char *text_copy(const char *text, size_t repeats) {
    const size_t length = strlen(text);
    char *copy = bench_need(malloc(length * repeats + 1));
    for (size_t i = 0; i < repeats; i++)
        memcpy(copy + i * length, text, length);
    copy[length * repeats] = '\0';
    return copy;
}

static void table_resize(struct table *table, size_t size) {
    struct entry **chains = bench_need(calloc(size, sizeof *chains));
    for (size_t i = 0; i < table->size; i++)
        for (struct entry *entry = table->chains[i], *next; entry != NULL; entry = next) {
            next = entry->next;
            entry->next = chains[entry->hash & (size - 1)];
            chains[entry->hash & (size - 1)] = entry;
        }
    free(table->chains);
    table->chains = chains;
    table->size = size;
}

/* Where the pointer to the entry with this key is, or the one to put it in. */
static struct entry **table_find(struct table *table, const char *key, uint64_t hash) {
    struct entry **link = &table->chains[hash & (table->size - 1)];
    while (*link != NULL && ((*link)->hash != hash || strcmp((*link)->key, key) != 0))
        link = &(*link)->next;
    return link;
}

static void table_insert(struct table *table, const char *key, uint64_t hash) {
    if (table->used >= table->size)
        table_resize(table, table->size * 2);
    struct entry *entry = bench_need(malloc(sizeof *entry));
    entry->hash = hash;
    entry->key = text_copy(key, 1);
    entry->text = text_copy(key, 1 + (hash >> 60 & 3));
    entry->next = NULL;
    *table_find(table, key, hash) = entry;
    table->used++;
}

static uint64_t table_remove(struct table *table, struct entry **link) {
    struct entry *entry = *link;
    const uint64_t checksum = entry->hash + strlen(entry->key) * 3 + strlen(entry->text);
    *link = entry->next;
    free(entry->key);
    free(entry->text);
    free(entry);
    table->used--;
    return checksum;
}

static uint64_t table_end(struct table *table) {
    uint64_t checksum = 0;
    for (size_t i = 0; i < table->size; i++)
        while (table->chains[i] != NULL)
            checksum += table_remove(table, &table->chains[i]);
    free(table->chains);
    return checksum;
}

static uint64_t strings(const struct bench_options *options, uint64_t stream) {
    struct table table = {0};
    char key[KEY_SIZE];
    uint64_t checksum = 0;
    table_resize(&table, 64);
    for (uint64_t i = bench_scaled(options, 1200000); i > 0; i--) {
        const uint64_t hash = key_write(key, bench_below(&stream, KEYS));
        struct entry **link = table_find(&table, key, hash);
        if (*link == NULL) {
            table_insert(&table, key, hash);
        } else if (bench_below(&stream, 2) == 0) {
            checksum += table_remove(&table, link);
        } else {
            free((*link)->text);
            (*link)->text = text_copy(key, 1 + bench_below(&stream, 4));
        }
    }
    return checksum + table_end(&table);
}

static uint64_t body(const struct bench_options *options, uint64_t stream) {
    const uint64_t checksum = trees(options, bench_stream(stream, 1));
    return checksum + strings(options, bench_stream(stream, 2));
}

int main(int count, char **arguments) {
    (void)count;
    const struct bench_options options = bench_options_read(arguments, 1);
    return bench_report(bench_parallel(&options, body));
}
